"""Chats of agents among themselves: who takes part, what they write, how they react (VoIPBIN reference 6.11)."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from dialplane.domain.errors import Invalid, LimitExceeded
from dialplane.domain.ids import AccountId, AgentId

LONGEST_TEXT = 4096
LONGEST_LINK = 2048
LONGEST_EMOJI = 32
MOST_PARTICIPANTS = 500
"""Of one chat."""
MOST_JOINED = 1000
"""Chats that one agent takes part in."""
MOST_MEDIAS = 10
MOST_REACTIONS = 200
"""Of one message."""


_EMOJI = re.compile(rf"[^\s\x00-\x1f\x7f-\x9f]{{1,{LONGEST_EMOJI}}}")
"""One emoji is several characters where it is joined of others."""


class ChatType(StrEnum):
    DIRECT = "direct"
    """Between two, who stay the two."""
    GROUP = "group"
    """Of those who were asked in."""
    TALK = "talk"
    """Of everybody: each agent of the account may read it, and join."""


@dataclass(frozen=True, slots=True)
class AgentChat:
    id: UUID
    account_id: AccountId
    type: ChatType
    created_at: datetime
    name: str = ""
    detail: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChatParticipant:
    """An agent's part in a chat, from `created_at` on."""

    id: UUID
    account_id: AccountId
    chat_id: UUID
    agent_id: AgentId
    created_at: datetime
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChatMedia:
    """A file of the account, or an address on the web."""

    type: Literal["file", "link"]
    file_id: UUID | None = None
    link_url: str = ""

    def check(self) -> None:
        """Raises Invalid (`medias`)."""
        if self.type == "file":
            if self.file_id is None or self.link_url:
                raise Invalid("A media of type file has a file_id", field="medias")
        elif self.file_id is not None or not _is_link(self.link_url):
            raise Invalid("A media of type link has a link_url, http or https", field="medias")


@dataclass(frozen=True, slots=True)
class Reaction:
    emoji: str
    agent_id: AgentId
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChatMessage:
    id: UUID
    account_id: AccountId
    chat_id: UUID
    agent_id: AgentId
    text: str
    created_at: datetime
    parent_id: UUID | None = None
    """What it answers."""
    medias: tuple[ChatMedia, ...] = field(default=())
    reactions: tuple[Reaction, ...] = field(default=())
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    def check(self) -> None:
        """Raises Invalid naming the field."""
        if len(self.text) > LONGEST_TEXT or "\0" in self.text:
            raise Invalid(f"text has {LONGEST_TEXT} characters at most", field="text")
        if not self.text.strip() and not self.medias:
            raise Invalid("A message has text, or medias", field="text")
        if len(self.medias) > MOST_MEDIAS:
            raise Invalid(f"medias are {MOST_MEDIAS} at most", field="medias")
        for media in self.medias:
            media.check()

    def reacted(self, emoji: str, agent_id: AgentId, now: datetime) -> "ChatMessage":
        """Each agent reacts with an emoji once. Raises Invalid, LimitExceeded."""
        if not _EMOJI.fullmatch(emoji):
            raise Invalid(f"emoji is an emoji or its name, {LONGEST_EMOJI} characters at most", field="emoji")
        if any((each.emoji, each.agent_id) == (emoji, agent_id) for each in self.reactions):
            return self
        if len(self.reactions) >= MOST_REACTIONS:
            raise LimitExceeded(f"A message has {MOST_REACTIONS} reactions at most", reason="RESOURCE_LIMIT_EXCEEDED")
        return replace(self, reactions=(*self.reactions, Reaction(emoji, agent_id, now)), updated_at=now)

    def without_reaction(self, emoji: str, agent_id: AgentId, now: datetime) -> "ChatMessage":
        """Itself where there is none."""
        left = tuple(each for each in self.reactions if (each.emoji, each.agent_id) != (emoji, agent_id))
        return self if left == self.reactions else replace(self, reactions=left, updated_at=now)

    def taken_back(self) -> "ChatMessage":
        """With nothing of what it said: those who answered it keep its place."""
        return replace(self, text="", medias=(), reactions=())


def _is_link(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= LONGEST_LINK and url.isprintable()
