"""Flows in Postgres."""

from collections.abc import Collection
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.flows.action import from_document
from dialplane.domain.flows.flow import Flow, FlowVersion
from dialplane.domain.ids import AccountId, FlowId

_SQL = queries("flows")


def _flow(row: asyncpg.Record) -> Flow:
    fields = dict(row)
    fields["actions"] = tuple(from_document(action) for action in fields["actions"])
    return Flow(**fields)


def _version(row: asyncpg.Record) -> FlowVersion:
    fields = dict(row)
    fields["actions"] = tuple(from_document(action) for action in fields["actions"])
    return FlowVersion(**fields)


class PostgresFlowStore:
    """Fulfils `services.programs.flows.FlowStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def count(self, account_id: AccountId) -> int:
        count: int = await self._connection.fetchval(_SQL["count"], account_id)
        return count

    async def count_locked(self, account_id: AccountId) -> int:
        await self._connection.execute(_SQL["lock_account"], account_id)
        return await self.count(account_id)

    async def save(self, flow: Flow) -> None:
        await self._connection.execute(
            _SQL["save"],
            flow.id,
            flow.account_id,
            flow.type,
            flow.name,
            flow.detail,
            [action.document() for action in flow.actions],
            flow.direct_hash,
            flow.on_complete_flow_id,
            flow.created_at,
            flow.updated_at,
            flow.deleted_at,
            flow.version,
        )

    async def add_version(self, version: FlowVersion, *, keep: int) -> None:
        await self._connection.execute(
            _SQL["add_version"],
            version.flow_id,
            version.version,
            version.account_id,
            version.name,
            version.detail,
            [action.document() for action in version.actions],
            version.on_complete_flow_id,
            version.created_at,
        )
        await self._connection.execute(_SQL["forget_versions"], version.flow_id, version.version - keep)

    async def list_versions(
        self, account_id: AccountId, flow_id: FlowId, *, before: datetime | None, limit: int
    ) -> list[FlowVersion]:
        rows = await self._connection.fetch(_SQL["list_versions"], account_id, flow_id, before, limit)
        return [_version(row) for row in rows]

    async def find_version(self, account_id: AccountId, flow_id: FlowId, version: int) -> FlowVersion | None:
        row = await self._connection.fetchrow(_SQL["find_version"], account_id, flow_id, version)
        return None if row is None else _version(row)

    async def find(self, account_id: AccountId, flow_id: FlowId, *, lock: bool = False) -> Flow | None:
        row = await self._connection.fetchrow(_SQL["lock" if lock else "find"], account_id, flow_id)
        return None if row is None else _flow(row)

    async def find_many(self, flow_ids: Collection[FlowId]) -> list[Flow]:
        return [_flow(row) for row in await self._connection.fetch(_SQL["find_many"], flow_ids)]

    async def find_by_direct_hash(self, direct_hash: str) -> Flow | None:
        row = await self._connection.fetchrow(_SQL["find_by_direct_hash"], direct_hash)
        return None if row is None else _flow(row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Flow]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, before, limit)
        return [_flow(row) for row in rows]
