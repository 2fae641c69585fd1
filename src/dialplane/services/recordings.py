"""Recordings as a resource: kept by the call runtime, read and deleted by their owner."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import NotFound
from dialplane.domain.events import Event
from dialplane.domain.ids import AccountId, RecordingId
from dialplane.domain.recordings import Recording, RecordingStatus
from dialplane.services.events import publish
from dialplane.services.shapes.recordings import recording_shape
from dialplane.services.transaction import Database


class RecordingStore(Protocol):
    """Port."""

    async def save(self, recording: Recording) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find(self, account_id: AccountId, recording_id: RecordingId) -> Recording | None: ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Recording]: ...

    async def find_paths(self, recording_ids: Sequence[UUID]) -> set[str]:
        """Of those that exist and were not deleted."""
        ...

    async def delete(self, recording: Recording, now: datetime) -> None: ...


async def save_recording(database: Database, recording: Recording, now: datetime) -> None:
    """Keep where a recording stands; its start and end are events (`recording_started`, `recording_finished`)."""
    happened = {RecordingStatus.RECORDING: "recording_started", RecordingStatus.ENDED: "recording_finished"}
    async with database.transaction() as tx:
        await tx.recordings.save(recording)
        if recording.status in happened:
            data = recording_shape(recording)
            await publish(
                tx,
                Event(
                    recording.account_id,
                    happened[recording.status],
                    recording.id,
                    data,
                    now,
                    run_id=recording.run_id,
                ),
            )


async def list_recordings(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Recording]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.recordings.list_for(account_id, before=before, limit=limit)


async def get_recording(database: Database, account_id: AccountId, recording_id: RecordingId) -> Recording:
    """Raises NotFound for another account's recording too."""
    async with database.reading() as tx:
        found = await tx.recordings.find(account_id, recording_id)
    if found is None:
        raise NotFound("There is no such recording", reason="RECORDING_NOT_FOUND")
    return found


async def delete_recording(
    database: Database, account_id: AccountId, recording_id: RecordingId, now: datetime
) -> Recording:
    """Take it out of every list; the file goes with the worker's next sweep (`left_files`), a day old at the least."""
    async with database.transaction() as tx:
        found = await tx.recordings.find(account_id, recording_id)
        if found is None:
            raise NotFound("There is no such recording", reason="RECORDING_NOT_FOUND")
        deleted = replace(found, deleted_at=now, updated_at=now)
        await tx.recordings.delete(deleted, now)
    return deleted
