"""Talks with assistants that the API begins, writes into and steers.

A talk without a reference is held in writing; one on a call takes the place of the call's program, and is spoken.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from dialplane.domain.errors import AlreadyExists, Conflict, Invalid, LimitExceeded, Refusal
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.identity.visitors import Visitor
from dialplane.domain.ids import NIL, AccountId, CallId, new_id
from dialplane.domain.programs.aicalls import Aicall, AicallStatus, Aimessage
from dialplane.domain.programs.commands import Converse
from dialplane.domain.programs.source_json import source_fields
from dialplane.domain.programs.sources import ActionsSource
from dialplane.services.calling.call_orders import LONGEST_TALK, Speech, order, talk_into_call
from dialplane.services.programs.aicalls import (
    end_aicall,
    end_talk,
    keep_turn,
    load_aicall,
    move_aicall,
    past_turns,
    tell_aicall,
)
from dialplane.services.programs.ais import load_ai, load_team
from dialplane.services.programs.assistants import Assistants, converse
from dialplane.services.transaction import Database, Transaction

Reference = Literal["", "call", "confbridge", "conference", "conversation"]
_NOT_TALKED_IN: Mapping[str, str] = {
    "confbridge": "an assistant talks with one party: begin the talk on the call of a member",
    "conference": "an assistant talks with one party: begin the talk on the call of a member",
    "conversation": "its messages run its number's flow: let that one begin with ai_talk",
}
"""Why no talk begins in these. The reference says neither who would be heard in a room of several, nor which of the two
would answer a message that a flow and a talk both wait for."""
MOST_MESSAGES = 1000
"""Of one talk: each may cost an assistant's answer, and a talk that no page can show is no talk."""


@dataclass(frozen=True, slots=True)
class AicallWish:
    """Without an assistance the installation's own assistant answers."""

    assistance_type: Literal["", "ai", "team"] = ""
    assistance_id: UUID | None = None
    reference_type: Reference = ""
    reference_id: UUID | None = None
    language: str = ""


async def start_aicall(
    database: Database,
    assistants: Assistants,
    account_id: AccountId,
    wish: AicallWish,
    now: datetime,
    *,
    visitor: Visitor | None = None,
) -> Aicall:
    """Begin a talk: in writing it is there, with the assistant's greeting; on a call it begins within the moment.

    Raises Invalid, NotFound (AI_NOT_FOUND, TEAM_NOT_FOUND, CALL_NOT_FOUND), Conflict (CALL_ALREADY_HANGUP),
    AlreadyExists where it would be the visitor's second one, Unavailable.
    """
    if visitor is not None:
        wish = _visitors_wish(wish, visitor)
    if why := _NOT_TALKED_IN.get(wish.reference_type):
        raise Invalid(f"No talk begins in a {wish.reference_type}: {why}", field="reference_type")
    if bool(wish.reference_type) != (wish.reference_id is not None):
        raise Invalid("reference_id names the call, where reference_type is call", field="reference_id")
    made = Aicall(
        id=new_id(now) if visitor is None else visitor.conversation_id,
        account_id=account_id,
        run_id=None,
        created_at=now,
        assistance_type=(wish.assistance_type or "ai") if wish.assistance_id else "",
        assistance_id=wish.assistance_id,
        reference_type=wish.reference_type,
        reference_id=wish.reference_id,
        language=wish.language,
        status=AicallStatus.INITIATING,
    )
    async with database.transaction() as tx:
        await _check_assistance(tx, made)
        if not await tx.aicalls.add_aicall(made):
            raise AlreadyExists("The token's talk has begun; another one needs another token")
        await tell_aicall(tx, made, "initializing", now)
        if wish.reference_id is not None:
            await _put_on_call(tx, made, CallId(wish.reference_id), now)
            return made
        made = await move_aicall(tx, made, AicallStatus.PROGRESSING, now)
    await _take_turn(database, assistants, made, "", now)
    return made


async def write_aimessage(
    database: Database, assistants: Assistants, account_id: AccountId, aicall_id: UUID, content: str, now: datetime
) -> Aimessage:
    """Say something to the assistant in writing; its answer follows in the talk, and is spoken where that is a call.

    Raises Invalid, NotFound, Conflict (STATE_INVALID) unless the talk is progressing, LimitExceeded, Unavailable.
    """
    if not content.strip() or "\0" in content:
        raise Invalid("content is what is said to the assistant", field="content")
    async with database.reading() as tx:
        aicall = await load_aicall(tx, account_id, aicall_id)
        messages = await tx.aicalls.count_aimessages(aicall.id)
    if aicall.status is not AicallStatus.PROGRESSING:
        raise Conflict(f"The talk is {aicall.status.value}", reason="STATE_INVALID")
    if messages >= MOST_MESSAGES:
        raise LimitExceeded(f"A talk has {MOST_MESSAGES} messages at most", reason="RESOURCE_LIMIT_EXCEEDED")
    said, answer = await _take_turn(database, assistants, aicall, content, now)
    if aicall.reference_type == "call" and aicall.reference_id is not None and answer.content.strip():
        speech = Speech(answer.content[:LONGEST_TALK], aicall.language or "en-US")
        await talk_into_call(database, account_id, CallId(aicall.reference_id), speech, now)
    return said


async def pause_aicall(database: Database, account_id: AccountId, aicall_id: UUID, now: datetime) -> Aicall:
    """The assistant says nothing until it is resumed. Raises NotFound, Conflict (STATE_INVALID)."""
    async with database.transaction() as tx:
        aicall = await load_aicall(tx, account_id, aicall_id, lock=True)
        if aicall.status is not AicallStatus.PROGRESSING:
            raise Conflict(f"The talk is {aicall.status.value}", reason="STATE_INVALID")
        return await move_aicall(tx, aicall, AicallStatus.PAUSING, now)


async def resume_aicall(database: Database, account_id: AccountId, aicall_id: UUID, now: datetime) -> Aicall:
    """On a call it answers again from the next turn on. Raises NotFound, Conflict (STATE_INVALID)."""
    async with database.transaction() as tx:
        aicall = await load_aicall(tx, account_id, aicall_id, lock=True)
        if aicall.status is not AicallStatus.PAUSING:
            raise Conflict(f"The talk is {aicall.status.value}", reason="STATE_INVALID")
        resuming = await move_aicall(tx, aicall, AicallStatus.RESUMING, now)
        if not aicall.is_written:
            return resuming
        return await move_aicall(tx, resuming, AicallStatus.PROGRESSING, now)


async def terminate_aicall(database: Database, account_id: AccountId, aicall_id: UUID, now: datetime) -> Aicall:
    """End it; on a call, with the turn that goes on. Safe to repeat. Raises NotFound."""
    async with database.transaction() as tx:
        aicall = await load_aicall(tx, account_id, aicall_id, lock=True)
        if aicall.status in (AicallStatus.TERMINATING, AicallStatus.TERMINATED):
            return aicall
        terminating = await move_aicall(tx, aicall, AicallStatus.TERMINATING, now)
        return await end_aicall(tx, terminating, now) if aicall.is_written else terminating


def _visitors_wish(wish: AicallWish, visitor: Visitor) -> AicallWish:
    """A talk in writing with whoever is visited; every other assistant is nobody's."""
    if wish.reference_type or wish.reference_id is not None:
        raise Invalid("A visitor's talk is held in writing", field="reference_type")
    named = wish.assistance_id or visitor.resource_id
    kind = visitor.resource_type if visitor.resource_type == "team" else "ai"
    is_visited = named == visitor.resource_id and wish.assistance_type in ("", kind)
    return replace(wish, assistance_type=kind, assistance_id=named if is_visited else NIL)


async def _check_assistance(tx: Transaction, aicall: Aicall) -> None:
    if aicall.assistance_id is not None:
        load = load_team if aicall.assistance_type == "team" else load_ai
        await load(tx, aicall.account_id, aicall.assistance_id)


async def _put_on_call(tx: Transaction, aicall: Aicall, call_id: CallId, now: datetime) -> None:
    option = {"aicall_id": str(aicall.id)}
    if aicall.assistance_id is not None:
        option |= {"assistance_type": aicall.assistance_type, "assistance_id": str(aicall.assistance_id)}
    (action,) = validate_actions([{"type": "ai_talk", "option": option}])
    payload = {"source": source_fields(ActionsSource((action.document(),))), "move_partner": False}
    await order(tx, aicall.account_id, call_id, "redirect", payload, now)


async def _take_turn(
    database: Database, assistants: Assistants, aicall: Aicall, said: str, now: datetime
) -> tuple[Aimessage, Aimessage]:
    """What was said (at the beginning: the greeting itself), and what is answered."""
    command = Converse(
        "task",
        assistance_type=aicall.assistance_type,
        assistance_id=aicall.assistance_id,
        language=aicall.language,
        text=said,
        turns=await past_turns(database, aicall),
        member_id=aicall.member_id,
        conversation_id=aicall.id,
        goes_on=True,
    )
    try:
        answer = await converse(database, assistants, aicall.account_id, command, now)
    except Refusal:
        if not said:  # a talk that could not begin
            await end_talk(database, aicall.account_id, aicall.id, now)
        raise
    kept = await keep_turn(database, aicall, command, answer, now)
    return kept[0], kept[-1]
