"""How a recording is begun, ordered about and ended, what is told of it and what it costs.

A minute is reserved before it is recorded, and charged when it is over, as a call's are. The node that makes it calls
`begin_recording` and `end_recording`; the API orders with the functions at the end. `public_url` is where clients reach
the HTTP server, for the addresses that status callbacks are told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.charging.ledger import Settlement
from dialplane.domain.charging.rating import CostType
from dialplane.domain.errors import Conflict, InsufficientBalance, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, CallId, FlowId, RecordingId, new_id
from dialplane.domain.programs.commands import StartRecording
from dialplane.domain.programs.dialling import RecordedTrack
from dialplane.domain.recording.recording_callbacks import recording_form
from dialplane.domain.recording.recordings import Recording, RecordingStatus, path_of
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.charging.ledger import extend_many, hold_many, release_hold, settle_many
from dialplane.services.charging.rates import tariff_of
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.status_callbacks import Told, tell
from dialplane.services.programs.flows import find_flow
from dialplane.services.recording.recordings import found
from dialplane.services.shapes.recordings import recording_shape
from dialplane.services.transaction import Database, Transaction

CURRENT = UUID(int=0)
"""In orders by API: whichever recording of the call is going on."""

HEEDED_WITHIN = timedelta(minutes=1)
"""A node that lives has begun what it was ordered by then."""

_TOLD = {
    RecordingStatus.RECORDING: "recording_started",
    RecordingStatus.ENDED: "recording_finished",
    RecordingStatus.FAILED: "recording_failed",
}


async def begin_recording(
    database: Database, recording: Recording, now: datetime, *, public_url: str = ""
) -> Recording:
    """Reserve its first minute and keep it as going on.

    One that was ordered by API has a row already. Raises InsufficientBalance; an ordered one is then kept as failed.
    """
    is_ordered = recording.status is not RecordingStatus.RECORDING
    begun = replace(recording, status=RecordingStatus.RECORDING, started_at=now, updated_at=now)
    async with database.transaction() as tx:
        rate = (await tariff_of(tx, recording.account_id)).rate(CostType.RECORDING)
        held = rate.is_free or (await hold_many(tx, [recording.hold(rate, 1, now)], now))[0]
        if held:
            ordered = await tx.recordings.lock(recording.account_id, recording.id) if is_ordered else None
            await _keep(tx, begun, now, public_url)
            if ordered is not None and ordered.status is RecordingStatus.STOPPING:  # as soon as it was ordered
                await tx.recordings.save(replace(begun, status=RecordingStatus.STOPPING))
    if not held:
        message = "The balance does not cover a minute of recording"
        if is_ordered:
            await fail_recording(database, recording, message, now)
        raise InsufficientBalance(message, reason="INSUFFICIENT_BALANCE")
    return begun


async def reserve_more(database: Database, recording: Recording, minutes: int, now: datetime) -> bool:
    """Whether so many minutes are reserved in all now."""
    async with database.transaction() as tx:
        hold = (await tx.ledger.find_holds([recording.key])).get(recording.key)
        if hold is None:  # it is free
            return True
        wanted = recording.hold(hold.rate, minutes, now)
        return (await extend_many(tx, [wanted], now))[0] >= wanted.units


async def end_recording(
    database: Database,
    recording: Recording,
    now: datetime,
    *,
    ended_by: str,
    duration_ms: int,
    size_bytes: int,
    public_url: str = "",
) -> Recording:
    """Keep what it became, charge for it and tell of it. Safe to repeat."""
    ended = replace(
        recording,
        status=RecordingStatus.ENDED,
        ended_by=ended_by,
        duration_ms=duration_ms,
        size_bytes=size_bytes,
        ended_at=now,
        updated_at=now,
    )
    async with database.transaction() as tx:
        await _end(tx, ended, now, public_url)
    return ended


async def fail_recording(database: Database, recording: Recording, error: str, now: datetime) -> Recording:
    """Nothing was kept: its reserved minute is given back."""
    failed = replace(recording, status=RecordingStatus.FAILED, error=error[:255], ended_at=now, updated_at=now)
    async with database.transaction() as tx:
        await _end(tx, failed, now)
    return failed


async def live_recordings(database: Database, node: str) -> Sequence[Recording]:
    """What a node that died left behind; whoever asks ends or fails each, by what its file holds."""
    async with database.transaction() as tx:
        return await tx.recordings.live_on(node)


async def fail_unheeded(database: Database, now: datetime) -> int:
    """A duty of the worker: end what was ordered of a call that ended before its node heard of it; how many."""
    async with database.transaction() as tx:
        left = await tx.recordings.unheeded(now - HEEDED_WITHIN)
        for recording in left:
            error = "the call ended before the recording began"
            failed = replace(recording, status=RecordingStatus.FAILED, error=error, ended_at=now, updated_at=now)
            await _end(tx, failed, now)
    return len(left)


async def _end(tx: Transaction, recording: Recording, now: datetime, public_url: str = "") -> None:
    hold = (await tx.ledger.find_holds([recording.key])).get(recording.key)
    if hold is not None and recording.duration_ms:
        charge = recording.charge(hold.rate, now)
        await settle_many(tx, [Settlement(recording.account_id, recording.key, charge)], now)
    elif hold is not None:
        await release_hold(tx, recording.key, now)
    await _keep(tx, recording, now, public_url)


async def _keep(tx: Transaction, recording: Recording, now: datetime, public_url: str) -> None:
    """Write it, and tell of it where that is something to be told."""
    await tx.recordings.save(recording)
    event = _TOLD.get(recording.status)
    if event is not None:
        data = recording_shape(recording)
        await publish(tx, Event(recording.account_id, event, recording.id, data, now, run_id=recording.run_id))
    asked = recording_form(recording, public_url)
    if asked is not None:
        about = recording.call_id or recording.conference_id or recording.id
        await tell(tx, [Told(recording.account_id, about, *asked)], now)


# --- orders by API ---------------------------------------------------------------------------------------------------


async def order_recording(
    database: Database,
    account_id: AccountId,
    call_id: CallId,
    wish: StartRecording,
    now: datetime,
    *,
    track: RecordedTrack = "both",
) -> tuple[Call, Recording]:
    """Order the node that carries the call to record it; the events of the recording tell when it does.

    The call is shown as it is then. A recording that was told to stop does not stand in the way.

    Raises NotFound, Conflict (CALL_ALREADY_HANGUP, CALL_STATE_INVALID where it is not answered yet,
    RECORDING_ALREADY_ACTIVE).
    """
    async with database.transaction() as tx:
        call = await _talking(tx, account_id, call_id)
        live = await tx.recordings.live_of_call(account_id, call_id)
        if live is not None and live.status is not RecordingStatus.STOPPING:
            raise Conflict("The call is being recorded already", reason="RECORDING_ALREADY_ACTIVE")
        on_end = None if wish.on_end_flow_id is None else FlowId(wish.on_end_flow_id)
        if on_end is not None:
            await find_flow(tx, account_id, on_end)
        recording_id = RecordingId(new_id(now))
        recording = Recording(
            id=recording_id,
            account_id=account_id,
            call_id=call_id,
            status=RecordingStatus.INITIATING,
            path=path_of(account_id, recording_id),
            created_at=now,
            run_id=call.run_id,
            node=call.node,
            channels=wish.channels,
            track=track,
            on_end_flow_id=on_end,
            status_callback=wish.status,
        )
        await tx.recordings.save(recording)
        payload: dict[str, object] = {
            "recording_id": str(recording_id),
            "end_of_silence_s": wish.end_of_silence_s,
            "end_of_key": wish.end_of_key,
            "duration_s": wish.duration_s,
            "trim": wish.trim,
        }
        await tx.calls.post_commands([_command(recording, "recording_start", payload, now)])
    recorded = replace(call.details, recording_id=recording_id)
    return call.after(recording_ids=(*call.recording_ids, recording_id), extras=recorded), recording


Change = Literal["pause", "resume", "stop"]

_AFTER: Mapping[Change, RecordingStatus] = {
    "pause": RecordingStatus.PAUSED,
    "resume": RecordingStatus.RECORDING,
    "stop": RecordingStatus.STOPPING,
}


@dataclass(frozen=True, slots=True)
class RecordingOrder:
    """`recording_id` may be `CURRENT`."""

    change: Change
    call_id: CallId
    recording_id: UUID = CURRENT
    silent: bool = False
    """A pause leaves silence in the recording, and no gap."""


async def change_recording(
    database: Database, account_id: AccountId, order: RecordingOrder, now: datetime
) -> tuple[Call, Recording]:
    """Order the node to pause, resume or stop a recording of the call.

    Raises NotFound, Conflict (RECORDING_NOT_ACTIVE where it is over or there is none).
    """
    async with database.transaction() as tx:
        call = await tx.calls.find(account_id, order.call_id)
        if call is None:
            raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
        changed, payload = change_live(await _ordered(tx, account_id, order), order.change, order.silent, now)
        await tx.recordings.save(changed)
        await tx.calls.post_commands([_command(changed, f"recording_{order.change}", payload, now)])
    if order.change == "stop" and call.details.recording_id == changed.id:
        call = call.after(extras=replace(call.details, recording_id=None))
    return call, changed


def change_live(
    recording: Recording | None, change: Change, silent: bool, now: datetime
) -> tuple[Recording, dict[str, object]]:
    """What a recording is after a change, and what its node is told with the order.

    Raises Conflict (RECORDING_NOT_ACTIVE) where it is over or about to be, or there is none.
    """
    if recording is None or recording.status.is_over or recording.status is RecordingStatus.STOPPING:
        raise Conflict("Nothing is being recorded", reason="RECORDING_NOT_ACTIVE")
    changed = replace(recording, status=_AFTER[change], updated_at=now)
    return changed, {"recording_id": str(recording.id), "silent": silent}


async def _ordered(tx: Transaction, account_id: AccountId, order: RecordingOrder) -> Recording | None:
    """Raises NotFound where the recording is none of the call."""
    if order.recording_id == CURRENT:
        return await tx.recordings.live_of_call(account_id, order.call_id)
    recording = found(await tx.recordings.lock(account_id, RecordingId(order.recording_id)))
    return found(recording if recording.call_id == order.call_id else None)


def _command(recording: Recording, kind: str, payload: Mapping[str, object], now: datetime) -> NodeCommand:
    assert recording.call_id is not None
    return NodeCommand(new_id(now), recording.node, recording.call_id, kind, payload, now)


async def _talking(tx: Transaction, account_id: AccountId, call_id: CallId) -> Call:
    call = await tx.calls.find(account_id, call_id)
    if call is None:
        raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
    if call.status is CallStatus.HANGUP:
        raise Conflict("The call has ended already", reason="CALL_ALREADY_HANGUP")
    if call.status is not CallStatus.PROGRESSING:
        raise Conflict("The call is not answered yet", reason="CALL_STATE_INVALID")
    return call
