"""Recordings in Postgres."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, CallId, RecordingId
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.recording.recordings import (
    Recording,
    RecordingOrdering,
    RecordingQuery,
    RecordingSource,
    RecordingStatus,
)

_SQL = queries("recordings")


def _recording(row: asyncpg.Record) -> Recording:
    fields = dict(row)
    fields["status"] = RecordingStatus(fields["status"])
    fields["source"] = RecordingSource(fields["source"])
    if (callback := fields["status_callback"]) is not None:
        fields["status_callback"] = msgspec.convert(callback, StatusCallback)
    return Recording(**fields)


class PostgresRecordingStore:
    """Fulfils `services.recording.recordings.RecordingStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, recording: Recording) -> None:
        await self._connection.execute(_SQL["save"], [recording])

    async def find(self, account_id: AccountId, recording_id: RecordingId) -> Recording | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, recording_id)
        return None if row is None else _recording(row)

    async def lock(self, account_id: AccountId, recording_id: RecordingId) -> Recording | None:
        row = await self._connection.fetchrow(_SQL["lock"], account_id, recording_id)
        return None if row is None else _recording(row)

    async def find_sound(self, recording_id: RecordingId) -> Recording | None:
        row = await self._connection.fetchrow(_SQL["find_sound"], recording_id)
        return None if row is None else _recording(row)

    async def live_of_call(self, account_id: AccountId, call_id: CallId) -> Recording | None:
        row = await self._connection.fetchrow(_SQL["live_of_call"], account_id, call_id)
        return None if row is None else _recording(row)

    async def live_on(self, node: str) -> list[Recording]:
        return [_recording(row) for row in await self._connection.fetch(_SQL["live_on"], node)]

    async def unheeded(self, ordered_before: datetime) -> list[Recording]:
        return [_recording(row) for row in await self._connection.fetch(_SQL["unheeded"], ordered_before)]

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Recording]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, before, limit)
        return [_recording(row) for row in rows]

    async def query(self, account_id: AccountId, query: RecordingQuery) -> tuple[list[Recording], int]:
        fitting = (account_id, query.call_id, query.conference_id, *query.created)
        place = (query.offset, query.limit)
        if query.ordering is RecordingOrdering.CREATED and query.descending:
            rows = await self._connection.fetch(_SQL["query"], *fitting, query.after, *place)
        else:
            order = (query.ordering.value, query.descending)
            rows = await self._connection.fetch(_SQL["query_ordered"], *fitting, *order, *place)
        return [_recording(row) for row in rows], int(await self._connection.fetchval(_SQL["count"], *fitting))

    async def find_paths(self, recording_ids: Sequence[UUID]) -> set[str]:
        return {row["path"] for row in await self._connection.fetch(_SQL["find_paths"], recording_ids)}

    async def delete(self, recording: Recording, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], recording.account_id, recording.id, now)

    async def outlived(self, now: datetime, *, limit: int) -> list[Recording]:
        return [_recording(row) for row in await self._connection.fetch(_SQL["outlived"], now, limit)]

    async def find_retention(self, account_id: AccountId | None) -> int | None:
        days: int | None = await self._connection.fetchval(_SQL["find_retention"], account_id)
        return days

    async def put_retention(self, account_id: AccountId | None, days: int | None) -> None:
        if days is None:
            await self._connection.execute(_SQL["delete_retention"], account_id)
        else:
            await self._connection.execute(_SQL["put_retention"], account_id, days)
