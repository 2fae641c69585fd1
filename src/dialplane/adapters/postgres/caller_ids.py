"""Outgoing caller IDs in Postgres."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.calling.caller_ids import CallerId, CallerIdFilter
from dialplane.domain.ids import AccountId

_SQL = queries("caller_ids")


class PostgresCallerIdStore:
    """Fulfils `services.calling.caller_ids.CallerIdStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def settle(self, accounts: Collection[AccountId], now: datetime) -> None:
        await self._connection.execute(_SQL["settle"], list(accounts), now)

    async def save(self, caller_id: CallerId) -> CallerId:
        return _read(await self._connection.fetchrow(_SQL["save"], [caller_id]))

    async def find(self, account_id: AccountId, caller_id: UUID) -> CallerId | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, caller_id)
        return None if row is None else _read(row)

    async def query(
        self, account_id: AccountId, wanted: CallerIdFilter, *, offset: int, limit: int
    ) -> tuple[list[CallerId], int]:
        fitting = (account_id, wanted.number, wanted.name, wanted.only_verified)
        rows = await self._connection.fetch(_SQL["query"], *fitting, offset, limit)
        return [_read(row) for row in rows], int(await self._connection.fetchval(_SQL["count"], *fitting))

    async def rename(self, account_id: AccountId, caller_id: UUID, name: str, now: datetime) -> CallerId | None:
        row = await self._connection.fetchrow(_SQL["rename"], account_id, caller_id, name, now)
        return None if row is None else _read(row)

    async def delete(self, account_id: AccountId, caller_id: UUID) -> bool:
        return await self._connection.fetchval(_SQL["delete"], account_id, caller_id) is not None

    async def verified(
        self, accounts: Collection[AccountId], numbers: Collection[str]
    ) -> frozenset[tuple[AccountId, str]]:
        rows = await self._connection.fetch(_SQL["verified"], list(accounts), list(numbers))
        return frozenset((AccountId(row["account_id"]), row["number"]) for row in rows)


def _read(row: asyncpg.Record | None) -> CallerId:
    assert row is not None
    return CallerId(**dict(row))
