"""Traces of calls in Postgres."""

from collections.abc import Sequence
from datetime import datetime

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.calling.traces import CallTrace
from dialplane.domain.ids import AccountId, CallId

_SQL = queries("traces")


class PostgresTraceStore:
    """Fulfils `services.calling.traces.TraceStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add_many(self, traces: Sequence[CallTrace]) -> None:
        await self._connection.execute(
            _SQL["add_many"],
            [trace.call_id for trace in traces],
            [trace.account_id for trace in traces],
            [trace.created_at for trace in traces],
            [trace.signalling for trace in traces],
            [trace.facts for trace in traces],
        )

    async def find(self, account_id: AccountId, call_id: CallId) -> CallTrace | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, call_id)
        return None if row is None else CallTrace(**(dict(row) | {"facts": tuple(row["facts"])}))

    async def forget(self, *, before: datetime) -> None:
        await self._connection.execute(_SQL["forget"], before)
