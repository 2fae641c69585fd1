"""Runs in Postgres."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, id_array, queries
from dialplane.domain.flows.run import ReferenceType, Run, RunProgress, RunStatus
from dialplane.domain.ids import AccountId, FlowId, RunId

_SQL = queries("runs")


def read_run(row: asyncpg.Record) -> Run:
    fields = dict(row)
    fields["status"] = RunStatus(fields["status"])
    fields["reference_type"] = ReferenceType(fields["reference_type"])
    fields["executed_actions"] = tuple(fields["executed_actions"])
    return Run(**fields)


class PostgresRunStore:
    """Fulfils `services.programs.runs.RunStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add_many(self, runs: Sequence[Run]) -> set[RunId]:
        rows = await self._connection.fetch(_SQL["add_many"], runs)
        return {RunId(row["id"]) for row in rows}

    async def add_fresh(self, runs: Sequence[Run]) -> None:
        await self._connection.execute(_SQL["add_many"], runs)

    async def save_progress(self, latest: Sequence[RunProgress]) -> set[RunId]:
        stands = [
            {
                "id": progress.run.id,
                "ended": progress.record.ended,
                "current_action": progress.record.current_action,
                "forward_action_id": progress.record.forward_action_id,
                "executed_actions": progress.record.executed_actions,
                "variables": progress.record.variables,
                "error": progress.record.error,
                "at": progress.at,
            }
            for progress in latest
        ]
        rows = await self._connection.fetch(
            _SQL["save_progress"], id_array(progress.run.id for progress in latest), stands
        )
        return {row["id"] for row in rows}

    async def find(self, account_id: AccountId, run_id: RunId, *, lock: bool = False) -> Run | None:
        row = await self._connection.fetchrow(_SQL["lock" if lock else "find"], account_id, run_id)
        return None if row is None else read_run(row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Run]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, before, limit)
        return [read_run(row) for row in rows]

    async def count_canary(self, account_id: AccountId, flow_id: FlowId, version: int) -> tuple[int, int]:
        row = await self._connection.fetchrow(_SQL["count_canary"], account_id, flow_id, version)
        assert row is not None  # an aggregate always gives one
        return row["count"], row["failed"]

    async def newest_of_canary(self, account_id: AccountId, flow_id: FlowId, version: int, *, limit: int) -> list[Run]:
        rows = await self._connection.fetch(_SQL["newest_of_canary"], account_id, flow_id, version, limit)
        return [read_run(row) for row in rows]

    async def end(self, run_id: RunId, error: str, now: datetime) -> None:
        await self._connection.execute(_SQL["end"], run_id, now, error)

    async def let_go_on(self, run_id: RunId, now: datetime) -> None:
        await self._connection.execute(_SQL["continue"], run_id, now)

    async def continued_at(self, run_id: RunId) -> datetime | None:
        moment: datetime | None = await self._connection.fetchval(_SQL["continued_at"], run_id)
        return moment

    async def delete(self, run_id: RunId, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], run_id, now)

    async def abandoned(self, *, created_before: datetime, limit: int) -> list[Run]:
        rows = await self._connection.fetch(_SQL["abandoned"], created_before, limit)
        return [read_run(row) for row in rows]
