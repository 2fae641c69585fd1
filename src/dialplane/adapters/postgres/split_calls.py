"""Calls of the shares that try another target, in Postgres."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import NumberId

_SQL = queries("split_calls")


class PostgresSplitCallStore:
    """Fulfils `services.calling.treatment.SplitCallStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, calls: Sequence[tuple[UUID, NumberId]], now: datetime) -> None:
        await self._connection.execute(_SQL["add"], [call for call, _ in calls], [number for _, number in calls], now)

    async def count(self, number_id: NumberId, since: datetime) -> tuple[int, int]:
        row = await self._connection.fetchrow(_SQL["count"], number_id, since)
        assert row is not None
        return int(row["ended"]), int(row["failed"])

    async def numbers_with_split(self, *, after: NumberId | None, limit: int) -> list[NumberId]:
        rows = await self._connection.fetch(_SQL["numbers_with_split"], after, limit)
        return [NumberId(row["id"]) for row in rows]

    async def count_recent(self, number_id: NumberId, caller: str, since: datetime) -> int:
        return int(await self._connection.fetchval(_SQL["count_recent"], number_id, caller, since))

    async def forget(self, *, before: datetime) -> None:
        await self._connection.execute(_SQL["forget"], before)
