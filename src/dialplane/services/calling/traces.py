"""What voice nodes saw of calls: kept in batches beside the calls' own records, forgotten after a while."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from dialplane.domain.calling.traces import CallTrace
from dialplane.domain.ids import AccountId, CallId
from dialplane.services.transaction import Database


class TraceStore(Protocol):
    """Port."""

    async def add_many(self, traces: Sequence[CallTrace]) -> None:
        """Insert; one that is there stays as it is."""
        ...

    async def find(self, account_id: AccountId, call_id: CallId) -> CallTrace | None: ...

    async def forget(self, *, before: datetime) -> None:
        """Delete those of calls that began before."""
        ...


async def keep_traces(database: Database, traces: Sequence[CallTrace]) -> None:
    """Raises Unavailable where the store is away; safe to repeat."""
    async with database.transaction() as tx:
        await tx.traces.add_many(traces)


async def forget_traces(database: Database, *, before: datetime) -> None:
    async with database.transaction() as tx:
        await tx.traces.forget(before=before)
