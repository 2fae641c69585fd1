"""Calls forced over one trunk, in Postgres."""

from collections.abc import Sequence
from datetime import datetime

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.calling.providercalls import ProviderCall
from dialplane.domain.ids import CallId, TrunkId

_SQL = queries("providercalls")


class PostgresProviderCallStore:
    """Fulfils `services.calling.providercalls.ProviderCallStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, calls: Sequence[ProviderCall]) -> None:
        await self._connection.execute(_SQL["add"], list(calls))

    async def find(self, call_id: CallId) -> ProviderCall | None:
        row = await self._connection.fetchrow(_SQL["find"], call_id)
        return None if row is None else ProviderCall(**row)

    async def list_made(self, trunk_id: TrunkId | None, *, before: datetime | None, limit: int) -> list[ProviderCall]:
        rows = await self._connection.fetch(_SQL["list_made"], trunk_id, before, limit)
        return [ProviderCall(**row) for row in rows]
