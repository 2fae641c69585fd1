"""Flows in Postgres."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, Row, queries
from dialplane.domain.flows.action import Action, from_document
from dialplane.domain.flows.flow import Canary, Flow, FlowDraft, FlowVersion
from dialplane.domain.ids import AccountId, FlowId

_SQL = queries("flows")


def read_flow(row: Row) -> Flow:
    fields = dict(row)
    fields["actions"] = _actions(fields["actions"])
    if fields["canary"] is not None:
        fields["canary"] = _canary(fields["canary"])
    return Flow(**fields)


def _actions(documents: Sequence[Mapping[str, object]]) -> tuple[Action, ...]:
    return tuple(from_document(document) for document in documents)


def _canary(kept: Mapping[str, Any]) -> Canary:
    following = kept["on_complete_flow_id"]
    return Canary(
        kept["version"],
        kept["percent"],
        _actions(kept["actions"]),
        datetime.fromisoformat(kept["started_at"]),
        FlowId(UUID(following)) if following else None,
    )


def _canary_document(canary: Canary) -> dict[str, object]:
    return {
        "version": canary.version,
        "percent": canary.percent,
        "actions": [action.document() for action in canary.actions],
        "on_complete_flow_id": canary.on_complete_flow_id,
        "started_at": canary.started_at,
    }


def _version(row: asyncpg.Record) -> FlowVersion:
    fields = dict(row)
    fields["actions"] = _actions(fields["actions"])
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
            flow.last_version,
            None if flow.canary is None else _canary_document(flow.canary),
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

    async def names(self, account_id: AccountId, *, limit: int) -> list[tuple[FlowId, str]]:
        rows = await self._connection.fetch(_SQL["names"], account_id, limit)
        return [(row["id"], row["name"]) for row in rows]

    async def find_draft(self, account_id: AccountId, flow_id: FlowId) -> FlowDraft | None:
        row = await self._connection.fetchrow(_SQL["find_draft"], account_id, flow_id)
        return None if row is None else FlowDraft(**dict(row))

    async def save_draft(self, draft: FlowDraft) -> None:
        await self._connection.execute(
            _SQL["save_draft"],
            draft.flow_id,
            draft.account_id,
            draft.name,
            draft.detail,
            draft.actions,
            draft.on_complete_flow_id,
            draft.based_on,
            draft.revision,
            draft.updated_at,
        )

    async def delete_draft(self, flow_id: FlowId) -> None:
        await self._connection.execute(_SQL["delete_draft"], flow_id)

    async def find(self, account_id: AccountId, flow_id: FlowId, *, lock: bool = False) -> Flow | None:
        row = await self._connection.fetchrow(_SQL["lock" if lock else "find"], account_id, flow_id)
        return None if row is None else read_flow(row)

    async def find_many(self, flow_ids: Collection[FlowId]) -> list[Flow]:
        return [read_flow(row) for row in await self._connection.fetch(_SQL["find_many"], flow_ids)]

    async def find_by_direct_hash(self, direct_hash: str) -> Flow | None:
        row = await self._connection.fetchrow(_SQL["find_by_direct_hash"], direct_hash)
        return None if row is None else read_flow(row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Flow]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, before, limit)
        return [read_flow(row) for row in rows]

    async def search(self, account_id: AccountId, *, contains: str, after: FlowId | None, limit: int) -> list[Flow]:
        rows = await self._connection.fetch(_SQL["search"], account_id, contains, after, limit)
        return [read_flow(row) for row in rows]
