"""Recordings as a resource: read and deleted by their owner. How one is made: `services.recording.recording_life`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.ids import AccountId, CallId, RecordingId
from dialplane.domain.recording.recordings import Recording, RecordingQuery
from dialplane.services.transaction import Database

SoundFormat = Literal["wav", "mp3"]


class RecordingStore(Protocol):
    """Port."""

    async def save(self, recording: Recording) -> None:
        """Insert, or write over the row of the same id; one that is over stays as it is."""
        ...

    async def find(self, account_id: AccountId, recording_id: RecordingId) -> Recording | None: ...

    async def lock(self, account_id: AccountId, recording_id: RecordingId) -> Recording | None: ...

    async def find_sound(self, recording_id: RecordingId) -> Recording | None:
        """Of any account: for whoever holds its address."""
        ...

    async def live_of_call(self, account_id: AccountId, call_id: CallId) -> Recording | None:
        """The one that is going on, locked."""
        ...

    async def live_on(self, node: str) -> Sequence[Recording]:
        """Those of a node that are not over, locked."""
        ...

    async def unheeded(self, ordered_before: datetime) -> Sequence[Recording]:
        """Those that were ordered, and never began; locked."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Recording]: ...

    async def query(self, account_id: AccountId, query: RecordingQuery) -> tuple[Sequence[Recording], int]:
        """One page, and how many fit in all."""
        ...

    async def find_paths(self, recording_ids: Sequence[UUID]) -> set[str]:
        """Of those that exist and were not deleted."""
        ...

    async def delete(self, recording: Recording, now: datetime) -> None: ...

    async def outlived(self, now: datetime, *, limit: int) -> Sequence[Recording]:
        """Those that have been kept for as long as their account, or else the platform, keeps them; locked."""
        ...

    async def find_retention(self, account_id: AccountId | None) -> int | None:
        """Days of the account, or of all without days of their own; None: for good."""
        ...

    async def put_retention(self, account_id: AccountId | None, days: int | None) -> None: ...


class Sounds(Protocol):
    """Port: the sound of recordings, by the path in their rows."""

    async def sound(self, path: str, form: SoundFormat) -> Path | None:
        """The file in this form, which is made where it was not asked for lately; None where there is no sound."""
        ...

    async def delete(self, path: str) -> None:
        """The file with everything that was made of it; nothing happens where there is none."""
        ...


async def list_recordings(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Recording]:
    """Newest first; those made before `before`."""
    async with database.browsing() as tx:
        return await tx.recordings.list_for(account_id, before=before, limit=limit)


async def query_recordings(
    database: Database, account_id: AccountId, query: RecordingQuery
) -> tuple[Sequence[Recording], int]:
    """One page of those that fit, and how many fit in all."""
    async with database.browsing() as tx:
        return await tx.recordings.query(account_id, query)


async def get_recording(database: Database, account_id: AccountId, recording_id: RecordingId) -> Recording:
    """Raises NotFound for another account's recording too."""
    async with database.reading() as tx:
        return found(await tx.recordings.find(account_id, recording_id))


async def recording_prices(database: Database, recordings: Sequence[Recording]) -> Mapping[RecordingId, int]:
    """What was charged for them in micros, as far as they are charged already."""
    async with database.reading() as tx:
        entries = await tx.ledger.find_entries([recording.key for recording in recordings])
    return {recording.id: -entries[recording.key].amount_micros for recording in recordings if recording.key in entries}


async def find_sound(
    database: Database,
    sounds: Sounds,
    recording_id: RecordingId,
    form: SoundFormat = "wav",
    *,
    account_id: AccountId | None = None,
) -> Path:
    """The file of a recording of any account, or of this one: whoever asks holds its address.

    Raises NotFound where there is no such recording, or its sound is not there (yet: other forms than WAV are made
    when it is over).
    """
    async with database.reading() as tx:
        recording = found(await tx.recordings.find_sound(recording_id))
    is_meant = account_id in (None, recording.account_id)
    is_ready = form == "wav" or recording.status.is_over
    path = await sounds.sound(recording.path, form) if is_meant and is_ready else None
    if path is None:
        raise NotFound("The sound of this recording is not here", reason="FILE_NOT_FOUND")
    return path


async def delete_recording(
    database: Database, sounds: Sounds, account_id: AccountId, recording_id: RecordingId, now: datetime
) -> Recording:
    """Take it out of every list, and its files off the disk. A crash between the two leaves files to the worker's next
    sweep (`left_files`).

    Raises Conflict (RECORDING_STILL_ACTIVE) while it is being made.
    """
    async with database.transaction() as tx:
        recording = found(await tx.recordings.lock(account_id, recording_id))
        if not recording.status.is_over:
            raise Conflict("The recording is still going on: stop it first", reason="RECORDING_STILL_ACTIVE")
        await tx.recordings.delete(recording, now)
    await sounds.delete(recording.path)
    return replace(recording, deleted_at=now, updated_at=now)


async def set_retention(database: Database, account_id: AccountId | None, days: int | None) -> None:
    """For how many days recordings are kept: the account's own, or (None) those of all that have no days of their own.
    `days` None: for good."""
    async with database.transaction() as tx:
        await tx.recordings.put_retention(account_id, days)


async def get_retention(database: Database, account_id: AccountId | None) -> int | None:
    async with database.reading() as tx:
        return await tx.recordings.find_retention(account_id)


async def delete_outlived(database: Database, sounds: Sounds, now: datetime, *, limit: int = 200) -> int:
    """A duty of the worker: delete what was kept for long enough; how many they were. `limit` at a time."""
    async with database.transaction() as tx:
        outlived = await tx.recordings.outlived(now, limit=limit)
        for recording in outlived:
            await tx.recordings.delete(recording, now)
    await asyncio.gather(*(sounds.delete(recording.path) for recording in outlived))
    return len(outlived)


def found(recording: Recording | None) -> Recording:
    if recording is None:
        raise NotFound("There is no such recording", reason="RECORDING_NOT_FOUND")
    return recording
