"""Recordings that a node has made, and the calls that they are of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from dialplane.audio.wav import WavWriter
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.ids import AccountId, CallId, RecordingId, new_id
from dialplane.domain.recording.recordings import Recording, RecordingSource, RecordingStatus, path_of
from dialplane.services.transaction import Database

WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


async def called(database: Database, account_id: AccountId, *, at: datetime = WHEN, **facts: object) -> Call:
    """An incoming call that is over, or as `facts` say."""
    call = Call(
        id=CallId(new_id(at)),
        account_id=account_id,
        direction=Direction.INCOMING,
        status=CallStatus.HANGUP,
        source=tel("+12125550111"),
        destination=tel("+12025550143"),
        created_at=at,
        progressing_at=at + timedelta(seconds=2),
        ended_at=at + timedelta(seconds=9),
        node="nobody",
    )
    call = replace(call, **facts)  # type: ignore[arg-type]  # a test names fields that there are
    async with database.transaction() as tx:
        await tx.calls.save_many([call])
    return call


async def recorded(
    database: Database, call: Call, folder: Path | None = None, *, at: datetime = WHEN, **facts: object
) -> Recording:
    """A second and a half of a tone, kept below `folder`, where that is given."""
    recording_id = RecordingId(new_id(at))
    recording = Recording(
        id=recording_id,
        account_id=call.account_id,
        call_id=call.id,
        status=RecordingStatus.ENDED,
        path=path_of(call.account_id, recording_id),
        created_at=at,
        started_at=at,
        ended_at=at + timedelta(seconds=1.5),
        duration_ms=1500,
        source=RecordingSource.VERB,
    )
    recording = replace(recording, **facts)  # type: ignore[arg-type]  # a test names fields that there are
    async with database.transaction() as tx:
        await tx.recordings.save(recording)
    if folder is not None:
        path = folder / recording.path
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = WavWriter(path)
        writer.write((8000 * np.sin(np.arange(12_000) / 3)).astype("<i2"))
        writer.close()
    return recording
