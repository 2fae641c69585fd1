"""Sender pools, their numbers, and when each may send next, in Postgres."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.messaging.sender_pools import SenderPool

_SQL = queries("sender_pools")


def _pool(row: asyncpg.Record) -> SenderPool:
    return SenderPool(**dict(row) | {"numbers": tuple(row["numbers"])})


class PostgresSenderPoolStore:
    """Fulfils `services.messaging.sender_pools.SenderPoolStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, pool: SenderPool, number_ids: Sequence[NumberId] | None) -> None:
        await self._connection.execute(
            _SQL["save"],
            pool.id,
            pool.account_id,
            pool.name,
            pool.number_rate,
            pool.destination_rate,
            pool.created_at,
            pool.updated_at,
        )
        if number_ids is not None:
            await self._connection.execute(_SQL["leave"], pool.id, number_ids)
            await self._connection.execute(_SQL["enter"], pool.id, number_ids)

    async def get(self, account_id: AccountId, pool_id: UUID) -> SenderPool:
        row = await self._connection.fetchrow(_SQL["list"], account_id, pool_id, None, 1)
        if row is None:
            raise NotFound("There is no such sender pool", reason="POOL_NOT_FOUND")
        return _pool(row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[SenderPool]:
        return [_pool(row) for row in await self._connection.fetch(_SQL["list"], account_id, None, before, limit)]

    async def count(self, account_id: AccountId) -> int:
        count: int = await self._connection.fetchval(_SQL["count"], account_id)
        return count

    async def delete(self, pool_id: UUID, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], pool_id, now)

    async def last_sender(self, account_id: AccountId, numbers: Sequence[str], peer: str) -> str | None:
        number: str | None = await self._connection.fetchval(_SQL["last_sender"], account_id, numbers, peer)
        return number

    async def take_slot(self, pool_id: UUID, key: str, at: datetime, interval: timedelta) -> datetime:
        slot: datetime = await self._connection.fetchval(_SQL["take_slot"], pool_id, key, at, interval)
        return slot
