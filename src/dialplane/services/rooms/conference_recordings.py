"""Recordings of conferences by order of the API, on the node that mixes them (VoIPBIN reference 6.1; Twilio's
`Conferences/{sid}/Recordings/{sid}`)."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import Conflict
from dialplane.domain.ids import AccountId, ConferenceId, FlowId, RecordingId, new_id
from dialplane.domain.recording.recordings import Recording, RecordingSource, RecordingStatus, path_of
from dialplane.domain.rooms.conferences import Conference
from dialplane.services.recording.recording_life import CURRENT, Change, change_live
from dialplane.services.recording.recordings import found
from dialplane.services.rooms.conference_rooms import add_recording
from dialplane.services.rooms.conferences import Standing, flow_of, load_conference, order, with_present
from dialplane.services.transaction import Database, Transaction


async def start_recording(
    database: Database,
    account_id: AccountId,
    conference_id: ConferenceId,
    *,
    duration_s: int,
    on_end_flow_id: UUID | None,
    now: datetime,
) -> Standing:
    """Record what everybody says until it is stopped, `duration_s` (0: none) is over, or all have left.

    Raises NotFound (of the flow too), Conflict where nobody is in or it is recorded already (RECORDING_ALREADY_ACTIVE).
    """
    async with database.transaction() as tx:
        standing = await _standing(tx, account_id, conference_id)
        if not standing.present:
            raise Conflict("Nobody is in the conference")
        if await _is_recorded(tx, standing.conference):
            raise Conflict("The conference is being recorded already", reason="RECORDING_ALREADY_ACTIVE")
        flow_id = await flow_of(tx, account_id, on_end_flow_id, None, field="on_end_flow_id")
        ordered = _ordered(standing.conference, flow_id, now)
        await tx.recordings.save(ordered)
        conference = await add_recording(tx, standing.conference, ordered.id, now)
        payload = {
            "conference_id": str(conference_id),
            "recording_id": str(ordered.id),
            "duration_s": duration_s,
        }
        # Any one of them may have gone when the order comes: all carry it, and the node begins once.
        await order(tx, standing.present, "conference_record", payload, now)
    return replace(standing, conference=conference)


def _ordered(conference: Conference, on_end_flow_id: FlowId | None, now: datetime) -> Recording:
    """Kept with the order, so that the next order finds it however soon it comes."""
    recording_id = RecordingId(new_id(now))
    return Recording(
        id=recording_id,
        account_id=conference.account_id,
        call_id=None,
        status=RecordingStatus.INITIATING,
        path=path_of(conference.account_id, recording_id),
        created_at=now,
        conference_id=conference.id,
        node=conference.node,
        source=RecordingSource.CONFERENCE_ORDER,
        on_end_flow_id=on_end_flow_id,
    )


async def stop_recording(
    database: Database, account_id: AccountId, conference_id: ConferenceId, now: datetime
) -> Standing:
    """Raises NotFound, Conflict (RECORDING_NOT_ACTIVE)."""
    async with database.transaction() as tx:
        standing = await _standing(tx, account_id, conference_id)
        made = standing.conference.recording_ids
        last = await tx.recordings.lock(account_id, made[-1]) if made else None
        stopping, _ = change_live(last, "stop", silent=False, now=now)
        await tx.recordings.save(stopping)
        await order(tx, standing.present, "conference_record_stop", {"conference_id": str(conference_id)}, now)
    return replace(standing, conference=replace(standing.conference, recording_id=None))


async def change_recording(
    database: Database,
    account_id: AccountId,
    conference_id: ConferenceId,
    recording_id: UUID,
    change: Change,
    *,
    silent: bool,
    now: datetime,
) -> Recording:
    """Order the node to pause, resume or stop one of its recordings; `recording_id` may be `CURRENT`.

    Raises NotFound (of a recording that is not the conference's too), Conflict (RECORDING_NOT_ACTIVE).
    """
    async with database.transaction() as tx:
        standing = await _standing(tx, account_id, conference_id)
        made = standing.conference.recording_ids
        wanted = made[-1] if recording_id == CURRENT and made else recording_id
        recording = await tx.recordings.lock(account_id, RecordingId(wanted)) if wanted != CURRENT else None
        if wanted != CURRENT:
            found(recording if recording is not None and recording.conference_id == conference_id else None)
        changed, payload = change_live(recording, change, silent, now)
        await tx.recordings.save(changed)
        await order(tx, standing.present, f"recording_{change}", payload, now)
    return changed


async def _standing(tx: Transaction, account_id: AccountId, conference_id: ConferenceId) -> Standing:
    [standing] = await with_present(tx, [await load_conference(tx, account_id, conference_id, lock=True)])
    return standing


async def _is_recorded(tx: Transaction, conference: Conference) -> bool:
    if not conference.recording_ids:
        return False
    last = await tx.recordings.find(conference.account_id, conference.recording_ids[-1])
    return last is not None and not last.status.is_over
