"""What voice nodes saw of calls: kept in batches beside the calls' own records, forgotten after a while."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from dialplane.domain.calling.traces import CallTrace
from dialplane.domain.ids import AccountId, CallId
from dialplane.services.transaction import Database

SOON = timedelta(seconds=4)
"""How long after a call's end its trace is written at most: its last answers may still come (`voice/signalling`)."""
LOOK_EVERY_S = 0.2


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


async def wait_for_trace(database: Database, account_id: AccountId, call_id: CallId, now: datetime) -> None:
    """Return when the trace of a call that has only just ended is there, or may be given up."""
    for _ in range(round(SOON.total_seconds() / LOOK_EVERY_S)):
        async with database.reading() as tx:
            call = await tx.calls.find(account_id, call_id)
            if call is None or call.ended_at is None or call.ended_at < now - SOON:
                return
            if await tx.traces.find(account_id, call_id) is not None:
                return
        await asyncio.sleep(LOOK_EVERY_S)


async def forget_traces(database: Database, *, before: datetime) -> None:
    async with database.transaction() as tx:
        await tx.traces.forget(before=before)
