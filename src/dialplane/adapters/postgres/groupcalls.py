"""Group calls in Postgres."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.addresses import Address
from dialplane.domain.calling.groupcalls import AnswerMethod, Groupcall, GroupcallStatus, RingMethod
from dialplane.domain.ids import AccountId

_SQL = queries("groupcalls")


def _groupcall(row: asyncpg.Record) -> Groupcall:
    fields = dict(row)
    fields["status"] = GroupcallStatus(fields["status"])
    fields["ring_method"] = RingMethod(fields["ring_method"])
    fields["answer_method"] = AnswerMethod(fields["answer_method"])
    fields["source"] = Address(**fields["source"]) if fields["source"] is not None else None
    fields["destinations"] = tuple(Address(**each) for each in fields["destinations"])
    fields["call_ids"] = tuple(fields["call_ids"])
    return Groupcall(**fields)


class PostgresGroupcallStore:
    """Fulfils `services.calling.groupcalls.GroupcallStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, groupcall: Groupcall) -> None:
        await self._connection.execute(_SQL["save"], [groupcall])

    async def find(self, account_id: AccountId, groupcall_id: UUID) -> Groupcall | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, groupcall_id)
        return None if row is None else _groupcall(row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Groupcall]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, before, limit)
        return [_groupcall(row) for row in rows]

    async def lock_live_of(self, accounts: Collection[AccountId]) -> list[Groupcall]:
        rows = await self._connection.fetch(_SQL["lock_live_of"], list(accounts))
        return [_groupcall(row) for row in rows]

    async def lock_on_node(self, node: str) -> list[Groupcall]:
        rows = await self._connection.fetch(_SQL["lock_on_node"], node)
        return [_groupcall(row) for row in rows]
