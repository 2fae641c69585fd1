"""Connections that break while they wait at hand, or in the middle of their use (AV-3)."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncpg
import pytest

from dialplane.adapters.postgres import connections
from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.stores import PostgresTransaction
from dialplane.domain.errors import Unavailable
from tests.sealing import SEAL


async def _end_session(dsn: str, pid: int) -> None:
    """End the server's side of a connection and wait until it is gone."""
    admin = await asyncpg.connect(dsn)
    await admin.execute("select pg_terminate_backend($1, 5000)", pid)
    await admin.close()


async def test_connection_that_broke_at_hand_is_replaced(database: PostgresDatabase, dsn: str) -> None:
    async with database.reading() as tx:
        pid = await tx.connection.fetchval("select pg_backend_pid()")
    await _end_session(dsn, pid)

    async with database.transaction() as tx:
        assert await tx.connection.fetchval("select pg_backend_pid()") != pid


async def test_transaction_on_a_connection_that_breaks_is_refused_as_unavailable(
    database: PostgresDatabase, dsn: str
) -> None:
    """Not as a fault of ours: the journal repeats what was unavailable and drops what was wrong."""

    async def use_what_broke() -> None:
        async with database.transaction() as tx:
            await _end_session(dsn, await tx.connection.fetchval("select pg_backend_pid()"))
            await tx.connection.fetchval("select 1")

    with pytest.raises(Unavailable):
        await use_what_broke()


async def test_transaction_of_a_node_that_sleeps_is_ended_by_the_server_and_unavailable_when_it_wakes(dsn: str) -> None:
    """AV-6: nobody waits for the locks of a node that was stopped."""
    database = await connect(dsn, SEAL, max_size=1, for_calls=True)
    async with database.reading() as tx:
        assert await tx.connection.fetchval("show idle_in_transaction_session_timeout") == "15s"

    async def sleep_amid_it() -> None:
        async with database.transaction() as tx:
            server = Path(f"/proc/{await tx.connection.fetchval('select pg_backend_pid()')}")
            await tx.connection.execute("set idle_in_transaction_session_timeout = '1ms'")
            while server.exists():  # the loop stands still: nothing that the server says is read
                os.sched_yield()
            await tx.connection.fetchval("select 1")

    with pytest.raises(Unavailable):
        await sleep_amid_it()
    async with database.transaction() as tx:
        assert await tx.connection.fetchval("select 1") == 1
    await database.close()


async def test_connection_on_which_the_driver_lost_count_is_unavailable_and_nobody_gets_it_again(
    database: PostgresDatabase,
) -> None:
    """asyncpg's own words when a primary was killed amid a question; a beat or a duty that it ended took the process
    along."""
    pids = []

    async def lose(use: Callable[[], AbstractAsyncContextManager[PostgresTransaction]]) -> None:
        async with use() as tx:
            pids.append(await tx.connection.fetchval("select pg_backend_pid()"))
            raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")

    for use in (database.transaction, database.reading):
        with pytest.raises(Unavailable):
            await lose(use)

    async with database.reading() as tx:
        assert await tx.connection.fetchval("select pg_backend_pid()") not in pids
    assert pids[0] != pids[1]


async def test_wrong_argument_stays_a_fault_of_ours(database: PostgresDatabase) -> None:
    with pytest.raises(asyncpg.DataError):
        async with database.transaction() as tx:
            await tx.connection.fetchval("select $1::int", "text")


@pytest.fixture
async def narrow(dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PostgresDatabase]:
    """Two connections, and little patience."""
    monkeypatch.setattr(connections, "ACQUIRE_TIMEOUT_S", 0.3)
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_S", 30.0)
    database = await connect(dsn, SEAL, max_size=2)
    yield database
    await database.close()


async def use(database: PostgresDatabase, seconds: float) -> None:
    async with database.reading() as tx:
        await tx.connection.fetchval("select pg_sleep($1)", seconds)


async def test_crowd_is_served_in_turn_while_the_store_answers(narrow: PostgresDatabase) -> None:
    """Together they wait four times as long as one may wait for a store that is gone."""
    await asyncio.gather(*(use(narrow, 0.1) for _ in range(24)))


async def test_who_waits_behind_a_store_that_answers_nobody_is_refused(narrow: PostgresDatabase) -> None:
    """AV-3."""
    stuck = [asyncio.create_task(use(narrow, 20)) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await use(narrow, 0)

    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)


async def test_who_waits_too_long_for_a_lock_is_told_to_try_again(database: PostgresDatabase) -> None:
    """Nothing is done, and it is no fault of the server's: 503 and not 500."""

    async def wait_for(key: int) -> None:
        async with database.transaction() as tx:
            await tx.connection.execute("set local lock_timeout = '10ms'")
            await tx.connection.execute("select pg_advisory_xact_lock($1)", key)

    async with database.transaction() as holder:
        await holder.connection.execute("select pg_advisory_xact_lock(1)")
        with pytest.raises(Unavailable, match="at work on the same"):
            await wait_for(1)

    await wait_for(1)
