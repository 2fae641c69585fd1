"""How a transcription is begun, ordered, written down and ended, and what is told of it.

Those of calls are made by the voice node that carries the call (`voice/recording/transcription.py`), those of
recordings by the worker (`worker/transcriptions.py`); both write down with the functions here.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from dialplane.domain.charging.ledger import HoldRequest, Settlement
from dialplane.domain.charging.rating import MINUTE_S, CostType
from dialplane.domain.errors import Conflict, InsufficientBalance, Invalid
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import (
    AccountId,
    CallId,
    ConferenceId,
    FlowId,
    RecordingId,
    RunId,
    TranscriptId,
    TranscriptionId,
    new_id,
    to_sid,
)
from dialplane.domain.programs.commands import TranscribeRecording
from dialplane.domain.programs.recognition import Hearing
from dialplane.domain.programs.sources import RESTCOMM_VERSION
from dialplane.domain.rcml.parameters import recordings_url, sound_url
from dialplane.domain.recording.recordings import Recording
from dialplane.domain.recording.transcriptions import TranscribedThing, Transcript, Transcription, TranscriptionStatus
from dialplane.services.calling.call_orders import find_answered
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.charging.ledger import hold_many, release_hold, settle_many
from dialplane.services.charging.rates import tariff_of
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.status_callbacks import Told, tell
from dialplane.services.programs.flows import find_flow
from dialplane.services.recording.recognition import Said
from dialplane.services.recording.recordings import found as found_recording
from dialplane.services.recording.transcriptions import found
from dialplane.services.rooms.conferences import load_conference, tell_conference
from dialplane.services.rooms.conferences import order as order_participants
from dialplane.services.shapes.transcriptions import speech_shape, transcript_shape, transcription_shape
from dialplane.services.transaction import Database, Transaction

LEASE = timedelta(minutes=10)
"""A worker that has written nothing down for so long is dead: a single utterance takes a minute at most."""
SpeechEvent = Literal["started", "interim", "ended"]


# --- orders by API -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TranscriptionWish:
    reference_type: str
    reference_id: UUID
    language: str = "en-US"
    direction: Hearing = "both"
    provider: str = ""
    on_end_flow_id: FlowId | None = None


async def order_transcription(
    database: Database, account_id: AccountId, wish: TranscriptionWish, now: datetime
) -> Transcription:
    """As `order_in`."""
    async with database.transaction() as tx:
        return await order_in(tx, account_id, wish, now)


async def order_in(tx: Transaction, account_id: AccountId, wish: TranscriptionWish, now: datetime) -> Transcription:
    """Begin one of a call or a conference that is going on, or of a recording.

    Raises NotFound (of the call, conference, recording or flow), Conflict (CALL_ALREADY_HANGUP, CALL_STATE_INVALID,
    STATE_INVALID), Invalid (`reference_type`), InsufficientBalance.
    """
    if wish.on_end_flow_id is not None:
        await find_flow(tx, account_id, wish.on_end_flow_id)
    match wish.reference_type:
        case TranscribedThing.CALL:
            return await _order_of_call(tx, account_id, wish, now)
        case TranscribedThing.CONFBRIDGE:
            return await _order_of_conference(tx, account_id, wish, now)
        case TranscribedThing.RECORDING:
            recording = found_recording(await tx.recordings.find(account_id, RecordingId(wish.reference_id)))
            made = _new(account_id, wish, now, run_id=recording.run_id, call_id=recording.call_id)
            return await _keep_new(tx, made, now, seconds=recording.duration_ms / 1000)
    raise Invalid("reference_type must be call, confbridge or recording", field="reference_type")


async def _order_of_call(
    tx: Transaction, account_id: AccountId, wish: TranscriptionWish, now: datetime
) -> Transcription:
    call = await find_answered(tx, account_id, CallId(wish.reference_id))
    made = replace(_new(account_id, wish, now, run_id=call.run_id, call_id=call.id), node=call.node)
    await _keep_new(tx, made, now)
    payload = {"transcription_id": str(made.id)}
    await tx.calls.post_commands([NodeCommand(new_id(now), call.node, call.id, "transcribe_start", payload, now)])
    return made


async def _order_of_conference(
    tx: Transaction, account_id: AccountId, wish: TranscriptionWish, now: datetime
) -> Transcription:
    conference = await load_conference(tx, account_id, ConferenceId(wish.reference_id), lock=True)
    present = await tx.conferences.participants_in([conference.id])
    if not present:
        raise Conflict("Nobody is in the conference")
    made = replace(_new(account_id, wish, now, run_id=None, call_id=None), node=conference.node)
    await _keep_new(tx, made, now)
    transcription_ids = (*conference.transcription_ids, made.id)
    told = replace(conference, transcription_ids=transcription_ids, updated_at=now)
    await tx.conferences.save(told)
    await tell_conference(tx, "conference_updated", told, now, present)
    # Any one of them may have gone when the order comes: all carry it, and the node begins once.
    await order_participants(tx, present, "transcribe_start", {"transcription_id": str(made.id)}, now)
    return made


async def stop_transcription(
    database: Database, account_id: AccountId, transcription_id: TranscriptionId, now: datetime
) -> Transcription:
    """End one; what was said up to now stays. Raises NotFound, Conflict (TRANSCRIBE_ALREADY_STOPPED)."""
    async with database.transaction() as tx:
        return await stop_in(tx, account_id, transcription_id, now)


async def stop_in(
    tx: Transaction, account_id: AccountId, transcription_id: TranscriptionId, now: datetime
) -> Transcription:
    """As `stop_transcription`, inside the caller's transaction."""
    transcription = found(await tx.transcriptions.find(account_id, transcription_id, lock=True))
    if transcription.is_over:
        raise Conflict("The transcription is over already", reason="TRANSCRIBE_ALREADY_STOPPED")
    payload = {"transcription_id": str(transcription.id)}
    if transcription.reference_type is TranscribedThing.CONFBRIDGE:
        present = await tx.conferences.participants_in([ConferenceId(transcription.reference_id)])
        await order_participants(tx, present, "transcribe_stop", payload, now)
    elif transcription.node and transcription.call_id is not None:
        command = NodeCommand(new_id(now), transcription.node, transcription.call_id, "transcribe_stop", payload, now)
        await tx.calls.post_commands([command])
    return await _end(tx, transcription, now)


# --- for those who make them ---------------------------------------------------------------------------------------


async def begin_call_transcription(database: Database, transcription: Transcription, now: datetime) -> None:
    """Keep one that a program began on its call."""
    async with database.transaction() as tx:
        await _keep_new(tx, transcription, now)


async def order_recording_transcription(
    database: Database, account_id: AccountId, run_id: RunId | None, command: TranscribeRecording, now: datetime
) -> Transcription:
    """What a program asks for: the worker does it when the recording is over. Raises NotFound, Invalid."""
    if command.recording_id is None:
        raise Invalid("there is no recording to be transcribed", field="recording_id")
    wish = TranscriptionWish(
        TranscribedThing.RECORDING,
        command.recording_id,
        command.language,
        command.direction,
        command.provider,
        None if command.on_end_flow_id is None else FlowId(command.on_end_flow_id),
    )
    async with database.transaction() as tx:
        recording = found_recording(await tx.recordings.find(account_id, RecordingId(command.recording_id)))
        made = _new(account_id, wish, now, run_id=run_id, call_id=recording.call_id)
        made = replace(made, status_callback=command.status)
        return await _keep_new(tx, made, now, seconds=recording.duration_ms / 1000)


async def write_transcript(
    database: Database, transcription: Transcription, direction: Hearing, said: Said, now: datetime
) -> bool:
    """Write an utterance down and tell of it. False where the transcription was stopped: nothing is written then."""
    transcript = Transcript(
        id=TranscriptId(new_id(now)),
        account_id=transcription.account_id,
        transcription_id=transcription.id,
        direction=direction,
        message=said.text,
        began_ms=said.began_ms,
        ended_ms=said.ended_ms,
        created_at=now,
        confidence=said.confidence,
    )
    async with database.transaction() as tx:
        if not await tx.transcriptions.extend_lease(transcription.id, now + LEASE):
            return False
        await tx.transcriptions.add_transcript(transcript)
        data = transcript_shape(transcript)
        await publish(
            tx,
            Event(
                transcription.account_id,
                "transcript_created",
                transcript.id,
                data,
                now,
                run_id=transcription.run_id,
            ),
        )
    return True


async def tell_speech(
    database: Database,
    transcription: Transcription,
    what: SpeechEvent,
    direction: Hearing,
    *,
    message: str,
    at_ms: int,
    now: datetime,
) -> None:
    """Tell that somebody speaks in a call, what is understood so far, or that they have ended."""
    data = speech_shape(transcription, direction, message, at_ms)
    event = Event(
        transcription.account_id,
        f"transcribe_speech_{what}",
        transcription.id,
        data,
        now,
        run_id=transcription.run_id,
    )
    async with database.transaction() as tx:
        await publish(tx, event)


async def end_transcription(
    database: Database,
    transcription: Transcription,
    now: datetime,
    *,
    error: str = "",
    duration_ms: int = 0,
    public_url: str = "",
) -> Transcription:
    """It is over, by itself or by a fault (`error`). Safe to repeat; one that was stopped stays as it is."""
    async with database.transaction() as tx:
        stored = await tx.transcriptions.find(transcription.account_id, transcription.id, lock=True)
        if stored is None or stored.is_over:
            return stored or transcription
        return await _end(tx, replace(stored, error=error[:255], duration_ms=duration_ms), now, public_url=public_url)


async def end_left_transcriptions(database: Database, node: str, now: datetime) -> None:
    """End what an earlier process of the node left behind."""
    async with database.transaction() as tx:
        for transcription in await tx.transcriptions.live_on(node):
            await _end(tx, transcription, now)


async def claim_transcription(database: Database, now: datetime) -> tuple[Transcription, Recording | None] | None:
    """The next that a worker should make, with its recording, None where that was deleted. What a dead worker wrote
    down of it is forgotten."""
    async with database.transaction() as tx:
        claimed = await tx.transcriptions.claim(now, now + LEASE)
        if claimed is None:
            return None
        await tx.transcriptions.forget_transcripts(claimed.id)
        recording = await tx.recordings.find(claimed.account_id, RecordingId(claimed.reference_id))
        await publish(tx, _event(claimed, "transcribe_progressing", now))
    return claimed, recording


def _new(
    account_id: AccountId, wish: TranscriptionWish, now: datetime, *, run_id: RunId | None, call_id: CallId | None
) -> Transcription:
    return Transcription(
        id=TranscriptionId(new_id(now)),
        account_id=account_id,
        reference_type=TranscribedThing(wish.reference_type),
        reference_id=wish.reference_id,
        created_at=now,
        call_id=call_id,
        run_id=run_id,
        language=wish.language,
        direction=wish.direction,
        provider=wish.provider,
        on_end_flow_id=wish.on_end_flow_id,
    )


async def _keep_new(
    tx: Transaction, transcription: Transcription, now: datetime, *, seconds: float = MINUTE_S
) -> Transcription:
    """Reserve the price of what is to be heard (of a call, the first minute) and keep it.

    Raises InsufficientBalance.
    """
    rate = (await tariff_of(tx, transcription.account_id)).rate(CostType.TRANSCRIBE)
    if not rate.is_free:
        request = HoldRequest(transcription.account_id, transcription.key, rate, rate.units_in(seconds), None)
        if not (await hold_many(tx, [request], now))[0]:
            raise InsufficientBalance("The balance does not cover the transcription", reason="INSUFFICIENT_BALANCE")
    await tx.transcriptions.save(transcription)
    events = [_event(transcription, "transcribe_created", now)]
    if transcription.reference_type is not TranscribedThing.RECORDING:
        events.append(_event(transcription, "transcribe_progressing", now))
    await publish(tx, *events)
    return transcription


async def _end(tx: Transaction, transcription: Transcription, now: datetime, *, public_url: str = "") -> Transcription:
    ended = replace(
        transcription,
        status=TranscriptionStatus.DONE,
        message=await tx.transcriptions.message_of(transcription.id),
        leased_until=None,
        ended_at=now,
        updated_at=now,
    )
    await tx.transcriptions.save(ended)
    await _settle(tx, ended, now)
    await publish(tx, _event(ended, "transcribe_done", now))
    if ended.status_callback is not None:
        form = callback_form(ended, public_url)
        await tell(tx, [Told(ended.account_id, ended.id, ended.status_callback, form)], now)
    return ended


async def _settle(tx: Transaction, ended: Transcription, now: datetime) -> None:
    """At the price that its hold froze; one without a hold is free (LED-9)."""
    hold = (await tx.ledger.find_holds([ended.key])).get(ended.key)
    if hold is None:
        return
    charge = ended.charge(hold.rate, now)
    if charge.units and not ended.error:
        await settle_many(tx, [Settlement(ended.account_id, ended.key, charge)], now)
    else:
        await release_hold(tx, ended.key, now)


def callback_form(transcription: Transcription, public_url: str) -> tuple[tuple[str, str], ...]:
    """What `transcribeCallback` is told (Restcomm reference 5.5)."""
    account_sid = to_sid("AC", transcription.account_id)
    recording_sid = to_sid("RE", transcription.reference_id)
    transcription_sid = to_sid("TR", transcription.id)
    callback = transcription.status_callback
    version = callback.api_version if callback is not None else RESTCOMM_VERSION
    recordings = recordings_url(public_url, version, account_sid)
    transcriptions = f"{recordings.removesuffix('Recordings/')}Transcriptions/"
    form = (
        ("AccountSid", account_sid),
        ("TranscriptionSid", transcription_sid),
        ("TranscriptionText", transcription.message),
        ("TranscriptionStatus", transcription.outcome),
        ("TranscriptionUrl", f"{transcriptions}{transcription_sid}"),
        ("RecordingSid", recording_sid),
        ("RecordingUrl", sound_url(recordings, recording_sid, version)),
    )
    return form if transcription.call_id is None else (*form, ("CallSid", to_sid("CA", transcription.call_id)))


def _event(transcription: Transcription, what: str, now: datetime) -> Event:
    data = transcription_shape(transcription)
    return Event(transcription.account_id, what, transcription.id, data, now, run_id=transcription.run_id)
