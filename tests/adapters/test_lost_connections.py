"""Connections that break while they wait at hand, or in the middle of their use (AV-3)."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import asyncpg
import pytest

from dialplane.adapters.postgres import connections, hints
from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.link import PostgresLink
from dialplane.adapters.postgres.stores import PostgresTransaction
from dialplane.domain.errors import Unavailable
from tests.effort import PATIENCE_S
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


async def test_transaction_of_a_process_that_sleeps_is_ended_by_the_server_and_unavailable_when_it_wakes(
    dsn: str,
) -> None:
    """AV-6: nobody waits for the locks of a process that was stopped."""
    database = await connect(dsn, SEAL, max_size=1)
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


async def test_connection_that_breaks_while_it_is_given_back_is_no_matter_of_its_user(dsn: str) -> None:
    """What was done with it is done. asyncpg looks at it before the turn of the loop in which it gives it back."""
    database = await connect(dsn, SEAL, max_size=1)
    connection = await database.connections.acquire()
    giving_back = asyncio.create_task(database.connections.release(connection, is_sound=False))
    await asyncio.sleep(0)
    connection.terminate()

    await giving_back

    async with database.reading() as tx:
        assert await tx.connection.fetchval("select 1") == 1
    await database.close()


async def test_use_that_is_cut_off_does_not_wait_for_a_server_that_stands_still(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is told to stop the question, and may answer nothing to that."""
    monkeypatch.setattr(connections, "GIVE_BACK_S", 0.2)
    database = await connect(dsn, SEAL, max_size=2)
    async with database.reading() as tx:
        pid = await tx.connection.fetchval("select pg_backend_pid()")
    asking = asyncio.create_task(use(database, 60))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGSTOP)
    try:
        asking.cancel()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([asking])
        async with database.reading() as tx:
            assert await tx.connection.fetchval("select pg_backend_pid()") != pid
    finally:
        os.kill(pid, signal.SIGCONT)
    assert asking.cancelled()
    await database.close()


async def test_store_is_closed_when_the_last_use_has_ended(dsn: str) -> None:
    database = await connect(dsn, SEAL)
    async with database.reading() as tx:
        closing = asyncio.create_task(database.close())
        await asyncio.sleep(0)
        assert await tx.connection.fetchval("select 1") == 1

    async with asyncio.timeout(PATIENCE_S):
        await closing


async def test_link_is_made_again_where_the_servers_farewell_came_without_the_end_of_the_connection(
    database: PostgresDatabase, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AV-3: as through a proxy that keeps the connection, or where this process stood still meanwhile."""
    monkeypatch.setattr(hints, "PROBE_S", 0.5)
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with keeping_open(dsn, tmp_path) as through, asyncio.timeout(PATIENCE_S):
        link = PostgresLink(through)
        keeping = asyncio.create_task(link.keep(heard.put_nowait))
        await heard.get()
        async with database.reading() as tx:
            holder = "select pid from pg_locks where locktype = 'advisory' and objid = $1"
            pid = await tx.connection.fetchval(holder, link.number)
        await _end_session(dsn, pid)
        await heard.get()
        keeping.cancel()
        await asyncio.wait([keeping])

    assert keeping.cancelled()


@asynccontextmanager
async def keeping_open(dsn: str, folder: Path) -> AsyncIterator[str]:
    """Another address of the store, behind which a connection outlives the server's end of it."""
    parts = urlsplit(dsn)
    behind = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)

    async def take_in() -> None:
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(folder / ".s.PGSQL.5432"))
            door.listen()
            door.setblocking(False)
            while True:
                taken, _ = await asyncio.get_running_loop().sock_accept(door)
                client = await asyncio.open_unix_connection(sock=taken)
                server = await asyncio.open_unix_connection(behind)
                writers.extend((client[1], server[1]))
                ways.create_task(pass_on(server[0], client[1]))
                ways.create_task(pass_on(client[0], server[1]))

    writers: list[asyncio.StreamWriter] = []
    async with asyncio.TaskGroup() as ways:
        taking = ways.create_task(take_in())
        yield urlunsplit(parts._replace(query=urlencode({"host": str(folder)})))
        taking.cancel()
        for writer in writers:
            writer.close()


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
