"""Queues and who waits in them, in Postgres."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, CallId, QueuecallId, QueueId
from dialplane.domain.rooms.queues import Queue, Queuecall, QueuecallStatus

_SQL = queries("queues")


class PostgresQueueStore:
    """Fulfils `services.rooms.queues.QueueStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, queue: Queue) -> bool:
        try:
            await self._connection.execute(_SQL["save"], [queue])
        except asyncpg.UniqueViolationError:
            return False
        return True

    async def find(self, account_id: AccountId, queue_id: QueueId, *, lock: bool = False) -> Queue | None:
        return _one(await self._connection.fetchrow(_SQL["lock" if lock else "find"], account_id, queue_id))

    async def lock_named(self, account_id: AccountId, name: str) -> Queue | None:
        return _one(await self._connection.fetchrow(_SQL["lock_named"], account_id, name))

    async def find_by_direct_hash(self, direct_hash: str) -> Queue | None:
        return _one(await self._connection.fetchrow(_SQL["find_by_direct_hash"], direct_hash))

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Queue]:
        return [_queue(row) for row in await self._connection.fetch(_SQL["list_for"], account_id, before, limit)]

    async def page(self, account_id: AccountId, *, offset: int, limit: int) -> tuple[list[Queue], int]:
        rows = await self._connection.fetch(_SQL["page"], account_id, offset, limit)
        return [_queue(row) for row in rows], rows[0]["total"] if rows else 0

    async def count(self, account_id: AccountId) -> int:
        found: int = await self._connection.fetchval(_SQL["count"], account_id)
        return found

    async def lock_of(self, accounts: Collection[AccountId]) -> list[Queue]:
        return [_queue(row) for row in await self._connection.fetch(_SQL["lock_of"], list(accounts))]

    async def save_calls(self, calls: Sequence[Queuecall]) -> None:
        await self._connection.execute(_SQL["save_calls"], calls)

    async def live_in(self, queue_ids: Sequence[QueueId]) -> list[Queuecall]:
        return [_call(row) for row in await self._connection.fetch(_SQL["live_in"], queue_ids)]

    async def find_call(
        self, account_id: AccountId, queuecall_id: QueuecallId, *, lock: bool = False
    ) -> Queuecall | None:
        row = await self._connection.fetchrow(_SQL["lock_call" if lock else "find_call"], account_id, queuecall_id)
        return None if row is None else _call(row)

    async def find_call_of(self, account_id: AccountId, call_id: CallId) -> Queuecall | None:
        row = await self._connection.fetchrow(_SQL["find_call_of"], account_id, call_id)
        return None if row is None else _call(row)

    async def calls_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Queuecall]:
        return [_call(row) for row in await self._connection.fetch(_SQL["calls_for"], account_id, before, limit)]

    async def average_talk_s(self, queue_id: QueueId) -> float | None:
        found: float | None = await self._connection.fetchval(_SQL["average_talk"], queue_id)
        return found

    async def lock_calls_on(self, node: str) -> list[Queuecall]:
        return [_call(row) for row in await self._connection.fetch(_SQL["on_node"], node)]


def _one(row: asyncpg.Record | None) -> Queue | None:
    return None if row is None else _queue(row)


def _queue(row: asyncpg.Record) -> Queue:
    fields = dict(row)
    fields.pop("total", None)
    fields["tag_ids"] = tuple(fields["tag_ids"])
    return Queue(**fields)


def _call(row: asyncpg.Record) -> Queuecall:
    found = Queuecall(**row)
    return replace(found, status=QueuecallStatus(found.status))
