"""Orders to live calls: the node that carries a call finds them in its mailbox, and the call's events tell the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.calling.call_manners import LONGEST_CALL_S
from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.ids import AccountId, CallId, FlowId, new_id
from dialplane.domain.programs.source_json import callback_fields, source_fields
from dialplane.domain.programs.sources import ActionsSource, FlowSource, ProgramSource, StatusCallback
from dialplane.domain.speech.ssml import check_ssml
from dialplane.domain.speech.voices import check_voice
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.programs.flows import find_flow
from dialplane.services.transaction import Database, Transaction

MUTE_DIRECTIONS = ("", "in", "out", "both")
LONGEST_TALK = 5_000
"""Characters of one `talk`."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What is to be said into a call."""

    text: str
    language: str = "en-US"
    provider: str = ""
    voice_id: str = ""


async def redirect_call(
    database: Database,
    account_id: AccountId,
    call_id: CallId,
    source: ProgramSource,
    now: datetime,
    *,
    move_partner: bool = False,
) -> Call:
    """Let the call drop what it does and run `source`.

    Whom it dialled is hung up, or goes along with `move_partner`; where the call itself was dialled, its master goes
    on with its program. Raises NotFound (CALL_NOT_FOUND, FLOW_NOT_FOUND), Conflict (CALL_ALREADY_HANGUP).
    """
    async with database.transaction() as tx:
        if isinstance(source, FlowSource):  # it stays the one that it is now
            flow = await find_flow(tx, account_id, FlowId(source.flow_id))
            source = ActionsSource(tuple(action.document() for action in flow.actions))
        payload = {"source": source_fields(source), "move_partner": move_partner}
        return await order(tx, account_id, call_id, "redirect", payload, now)


async def complete_call(database: Database, account_id: AccountId, call_id: CallId, now: datetime) -> Call:
    """End the call in any live state. Raises NotFound, Conflict (CALL_ALREADY_HANGUP)."""
    async with database.transaction() as tx:
        return await order(tx, account_id, call_id, "hangup", {}, now)


async def complete_calls(database: Database, account_id: AccountId, call_ids: Sequence[CallId], now: datetime) -> None:
    """End those of the calls that are still live."""
    async with database.transaction() as tx:
        for call_id in call_ids:
            call = await tx.calls.find(account_id, call_id)
            if call is not None and call.status is not CallStatus.HANGUP:
                await tx.calls.post_commands([NodeCommand(new_id(now), call.node, call_id, "hangup", {}, now)])


async def cancel_call(database: Database, account_id: AccountId, call_id: CallId, now: datetime) -> Call:
    """End the call unless it is answered.

    Raises NotFound, Conflict (CALL_ALREADY_HANGUP; CALL_STATE_INVALID where it is answered).
    """
    async with database.transaction() as tx:
        call = await _find_live(tx, account_id, call_id)
        if call.progressing_at is not None:
            raise Conflict("The call is answered: it can be completed, not canceled", reason="CALL_STATE_INVALID")
        return await order(tx, account_id, call_id, "cancel", {}, now)


async def tell_of_call(
    database: Database, account_id: AccountId, call_id: CallId, callback: StatusCallback, now: datetime
) -> Call:
    """Tell of the call's progress there from now on. Raises NotFound, Conflict (CALL_ALREADY_HANGUP)."""
    async with database.transaction() as tx:
        return await order(tx, account_id, call_id, "tell", callback_fields(callback), now)


async def limit_call(database: Database, account_id: AccountId, call_id: CallId, seconds: int, now: datetime) -> Call:
    """End the call so many seconds after its answer; at once where they have passed already.

    What is longer than its kind of call may be counts for calls that run documents alone. Raises NotFound, Conflict
    (CALL_ALREADY_HANGUP), Invalid.
    """
    if not 1 <= seconds <= LONGEST_CALL_S:
        raise Invalid(f"time_limit is 1 to {LONGEST_CALL_S} seconds", field="time_limit")
    async with database.transaction() as tx:
        return await order(tx, account_id, call_id, "limit", {"seconds": seconds}, now)


async def mute_call(database: Database, account_id: AccountId, call_id: CallId, direction: str, now: datetime) -> Call:
    """Let nothing be heard from the party (`in`), by it (`out`), or both; "" ends it."""
    if direction not in MUTE_DIRECTIONS:
        raise Invalid("direction is in, out or both", field="direction")
    async with database.transaction() as tx:
        return await order(tx, account_id, call_id, "mute", {"direction": direction}, now)


async def unmute_call(
    database: Database, account_id: AccountId, call_id: CallId, direction: str, now: datetime
) -> Call:
    """Let be heard again what is muted in this direction; the other stays as it is."""
    if direction not in MUTE_DIRECTIONS[1:]:
        raise Invalid("direction is in, out or both", field="direction")
    async with database.transaction() as tx:
        return await order(tx, account_id, call_id, "unmute", {"direction": direction}, now)


async def switch_call(
    database: Database, account_id: AccountId, call_id: CallId, what: str, now: datetime, *, on: bool
) -> Call:
    """`hold`, `moh` (waiting music) or `silence`, on or off, of an answered call.

    Raises NotFound, Conflict (CALL_ALREADY_HANGUP, CALL_STATE_INVALID).
    """
    assert what in ("hold", "moh", "silence")
    async with database.transaction() as tx:
        return await _order_answered(tx, account_id, call_id, what, {"on": on}, now)


async def talk_into_call(
    database: Database, account_id: AccountId, call_id: CallId, speech: Speech, now: datetime
) -> Call:
    """Say something to the party, over whatever it hears. Raises as `switch_call`, and Invalid naming the field."""
    if not speech.text.strip() or len(speech.text) > LONGEST_TALK:
        raise Invalid(f"text has 1 to {LONGEST_TALK} characters", field="text")
    language = speech.language or "en-US"
    check_voice(language=language, voice_id=speech.voice_id, provider=speech.provider)
    check_ssml(speech.text)
    payload = {
        "text": speech.text,
        "language": language,
        "provider": speech.provider,
        "voice_id": speech.voice_id,
    }
    async with database.transaction() as tx:
        return await _order_answered(tx, account_id, call_id, "talk", payload, now)


async def order(
    tx: Transaction, account_id: AccountId, call_id: CallId, kind: str, payload: Mapping[str, object], now: datetime
) -> Call:
    """Post an order about a live call; for use cases that compose.

    Raises NotFound (CALL_NOT_FOUND), Conflict (CALL_ALREADY_HANGUP).
    """
    call = await _find_live(tx, account_id, call_id)
    await tx.calls.post_commands([NodeCommand(new_id(now), call.node, call_id, kind, payload, now)])
    return call


async def find_answered(tx: Transaction, account_id: AccountId, call_id: CallId) -> Call:
    """Raises NotFound (CALL_NOT_FOUND), Conflict (CALL_ALREADY_HANGUP, CALL_STATE_INVALID)."""
    call = await _find_live(tx, account_id, call_id)
    if call.progressing_at is None:
        raise Conflict("The call is not answered yet", reason="CALL_STATE_INVALID")
    return call


async def _order_answered(
    tx: Transaction, account_id: AccountId, call_id: CallId, kind: str, payload: Mapping[str, object], now: datetime
) -> Call:
    await find_answered(tx, account_id, call_id)
    return await order(tx, account_id, call_id, kind, payload, now)


async def _find_live(tx: Transaction, account_id: AccountId, call_id: CallId) -> Call:
    call = await tx.calls.find(account_id, call_id)
    if call is None:
        raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
    if call.status is CallStatus.HANGUP:
        raise Conflict("The call has ended already", reason="CALL_ALREADY_HANGUP")
    return call
