"""Assistants as an account describes them, and teams of them that hand a conversation over (VoIPBIN reference 6.10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId
from dialplane.domain.speech.voices import check_voice

MOST_MEMBERS = 20
MOST_TRANSITIONS = 20


@dataclass(frozen=True, slots=True)
class Ai:
    """`engine_model` and `init_prompt` are for whoever answers; empty: the installation's own."""

    id: UUID
    account_id: AccountId
    name: str
    created_at: datetime
    detail: str = ""
    engine_model: str = ""
    init_prompt: str = ""
    tts_voice_id: str = ""
    rag_id: UUID | None = None
    """What it knows."""
    direct_hash: str = ""
    """`direct.` and 12 hex digits: whoever calls that address talks with it."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """To whom a member may hand the conversation over, and when."""

    function_name: str
    next_member_id: UUID
    description: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """An assistant in a team."""

    id: UUID
    ai_id: UUID
    name: str = ""
    transitions: tuple[Transition, ...] = ()


@dataclass(frozen=True, slots=True)
class Team:
    """The conversation begins with the member `start_member_id`."""

    id: UUID
    account_id: AccountId
    name: str
    start_member_id: UUID
    members: tuple[Member, ...]
    created_at: datetime
    detail: str = ""
    direct_hash: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    def member(self, member_id: UUID | None) -> Member:
        """The one of this id, else whoever begins."""
        known = {each.id: each for each in self.members}
        return known.get(member_id or self.start_member_id, known[self.start_member_id])


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who answers next in a conversation: an assistant, and to whom it may hand over."""

    ai: Ai
    member_id: UUID | None = None
    transitions: Sequence[Transition] = ()
    knowledge: tuple[str, ...] = ()
    """Passages of its rag that fit what was said last, the best first."""

    def after(self, function_name: str) -> UUID | None:
        """The member that a transition leads to; None for what is none of ours."""
        return next((each.next_member_id for each in self.transitions if each.function_name == function_name), None)


def check_ai(ai: Ai) -> Ai:
    """Raises Invalid (`tts_voice_id`) where the voice is none of ours."""
    if ai.tts_voice_id:
        try:
            check_voice(language="en-US", gender="", voice_id=ai.tts_voice_id, provider="")
        except Invalid as refusal:
            raise Invalid(f"tts_voice_id: {refusal.message}", field="tts_voice_id") from refusal
    return ai


def check_team(team: Team) -> Team:
    """Raises Invalid naming the field: each member once, every transition leads to one, and one of them begins."""
    ids = [each.id for each in team.members]
    if not 1 <= len(ids) <= MOST_MEMBERS:
        raise Invalid(f"members names 1 to {MOST_MEMBERS}", field="members")
    if len(set(ids)) < len(ids):
        raise Invalid("members: each has an id of its own", field="members")
    if team.start_member_id not in ids:
        raise Invalid("start_member_id is the id of no member", field="start_member_id")
    for index, member in enumerate(team.members):
        field = f"members[{index}].transitions"
        if len(member.transitions) > MOST_TRANSITIONS:
            raise Invalid(f"{field} has {MOST_TRANSITIONS} at most", field=field)
        if any(each.next_member_id not in ids for each in member.transitions):
            raise Invalid(f"{field}: next_member_id is the id of no member", field=field)
    return team
