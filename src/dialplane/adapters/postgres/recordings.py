"""Recordings in Postgres."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, RecordingId
from dialplane.domain.recordings import Recording, RecordingStatus

_SQL = queries("recordings")


def _recording(row: asyncpg.Record) -> Recording:
    return Recording(**(dict(row) | {"status": RecordingStatus(row["status"])}))


class PostgresRecordingStore:
    """Fulfils `services.recordings.RecordingStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, recording: Recording) -> None:
        await self._connection.execute(_SQL["save"], [recording])

    async def find(self, account_id: AccountId, recording_id: RecordingId) -> Recording | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, recording_id)
        return None if row is None else _recording(row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Recording]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, before, limit)
        return [_recording(row) for row in rows]

    async def find_paths(self, recording_ids: Sequence[UUID]) -> set[str]:
        return {row["path"] for row in await self._connection.fetch(_SQL["find_paths"], recording_ids)}

    async def delete(self, recording: Recording, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], recording.account_id, recording.id, now)
