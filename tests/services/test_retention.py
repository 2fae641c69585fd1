"""Tables in parts: how a filled one becomes one, months made ahead and dropped, and what is archived before."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.postgres import migrate as migrating
from dialplane.adapters.postgres.connection import Connection
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.migrate import migrate, migrations
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import first_id, new_id, utc_now
from dialplane.domain.operating.retention import Kind
from dialplane.services.operating.retention import forget_old, make_room
from tests.effort import PATIENCE_S
from tests.fakes.accounts import add_account

DAY = timedelta(days=1)
_CALL = """
    insert into calls (id, account_id, direction, status, source, destination, created_at)
    values ($1, $2, 'incoming', 'hangup', '{}', '{}', now())
"""
_EVENT = """
    insert into events (id, account_id, type, resource, resource_id, data, occurred_at, public)
    values ($1, $1, 'call_created', 'call', $1, '{}', now(), true) returning resource_seq
"""
_SOMEBODY_WAITS = """
    select exists (
        select from pg_locks
        where not granted and database = (select oid from pg_database where datname = current_database())
    )
"""


@pytest.fixture
async def filled(cluster: EmbeddedPostgres) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection to a database of the version before tables had parts."""
    admin = await asyncpg.connect(cluster.dsn())
    await admin.execute("create database filled_before")
    connection = await asyncpg.connect(cluster.dsn("filled_before"))
    yield connection
    await connection.close()
    await admin.execute("drop database filled_before with (force)")
    await admin.close()


async def test_filled_tables_become_the_first_parts_and_go_on(
    filled: "asyncpg.Connection[asyncpg.Record]", cluster: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AV-7: nothing is lost, numbers of events go on, and it may stop between its steps. One row is of a sandbox whose
    clock was moved."""
    every, now = migrations(), utc_now()
    dsn = cluster.dsn("filled_before")

    async def apply(until: str) -> None:
        monkeypatch.setattr(migrating, "migrations", lambda: [each for each in every if each[0] < until])
        await migrate(dsn)

    await apply("0058")
    account, ids = new_id(now), [new_id(now - 700 * DAY), new_id(now), new_id(now + 900 * DAY)]
    await filled.execute("set session_replication_role = replica")  # the account itself is no matter here
    last = 0
    for each in ids:
        await filled.execute(_CALL, each, account)
        last = await filled.fetchval(_EVENT, each)
    await apply("0058_partitions_2")
    await filled.execute(_CALL, new_id(now), account)  # between the steps the version before goes on
    await apply("0058_partitions_3")
    async with _events_in_use(dsn) as waits:
        rest = asyncio.create_task(apply("9999"))
        await waits()
        await filled.execute(_CALL, new_id(now), account)  # the migration has locked calls, and gives way
    await rest

    assert await filled.fetchval("select count(*) from calls") == 5
    assert await filled.fetchval("select count(*) from call_usage") == 5
    assert await filled.fetchval("select count(*) from calls_first") == 5
    assert await filled.fetchval(_EVENT, new_id(now)) == last + 1
    await filled.execute(_CALL, new_id(now + 2_000 * DAY), account)
    assert await filled.fetchval("select count(*) from call_usage") == 6
    assert await filled.fetchval("select count(*) from calls_else") == 1
    indexes = "select count(*) from pg_indexes where tablename = $1"
    assert await filled.fetchval(indexes, "calls_first") == await filled.fetchval(indexes, "calls")
    with pytest.raises(asyncpg.UniqueViolationError):
        await filled.execute(_CALL, ids[1], account)


@asynccontextmanager
async def _events_in_use(dsn: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Somebody writes events inside; what is given waits until somebody else wants the table for himself."""
    writer = await asyncpg.connect(dsn)

    async def waits() -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await writer.fetchval(_SOMEBODY_WAITS):
                await asyncio.sleep(0.01)

    async with writer.transaction():
        await writer.execute("lock table events in row exclusive mode")
        yield waits
    await writer.close()


async def _begin_parts_two_months_ago(connection: Connection) -> None:
    """As where the tables have been in parts for a while."""
    await connection.execute("""
        do $$
        declare part record; began timestamptz;
        begin
            began := (date_trunc('month', now() at time zone 'UTC') - interval '2 months') at time zone 'UTC';
            for part in select name from partitions where kind = 'calls' loop
                execute format('drop table %I', part.name);
            end loop;
            delete from partitions where kind = 'calls';
            create table calls_first (like calls including indexes including defaults including constraints);
            execute format('alter table calls attach partition calls_first for values from (minvalue) to (%L)',
                first_id(began));
            insert into partitions values ('calls', 'calls_first', null, began);
        end $$
    """)


async def test_months_are_made_ahead_and_take_over_what_lay_elsewhere(database: PostgresDatabase) -> None:
    account, now = await add_account(database), utc_now()
    async with database.transaction() as tx:
        await _begin_parts_two_months_ago(tx.connection)
        await tx.connection.execute(_CALL, new_id(now), account)
        before = await tx.connection.fetchval("select count(*) from calls_else")

    await make_room(database, now)
    await make_room(database, now)

    async with database.reading() as tx:
        parts = await tx.connection.fetch("select until_at from partitions where kind = 'calls' order by until_at")
        assert before == 1
        assert await tx.connection.fetchval("select count(*) from calls_else") == 0
        assert await tx.connection.fetchval("select count(*) from calls") == 1
    assert parts[-1]["until_at"] >= now + 45 * DAY
    assert len(parts) in (5, 6)


async def test_old_months_are_archived_and_dropped_and_nothing_else(database: PostgresDatabase, tmp_path: Path) -> None:
    account, now = await add_account(database), utc_now()
    old = [new_id(now - 200 * DAY), new_id(now - 199 * DAY)]
    young = new_id(now)
    async with database.transaction() as tx:
        await _begin_parts_two_months_ago(tx.connection)
    await make_room(database, now)
    async with database.transaction() as tx:
        for each in (*old, young):
            await tx.connection.execute(_CALL, each, account)
    archive = FolderObjects(tmp_path)

    assert not await forget_old(database, {}, archive, now)
    assert not await forget_old(database, {Kind.CALLS: 20_000 * DAY}, archive, now)
    more = await forget_old(database, {Kind.CALLS: 20 * DAY}, archive, now)

    assert more  # the month that followed has ended too
    lines = _archived(tmp_path, "calls")
    assert [UUID(line["id"]) for line in lines] == old
    assert lines[0]["account_id"] == str(account)
    async with database.reading() as tx:
        assert [row["id"] for row in await tx.connection.fetch("select id from calls")] == [young]
        names = [row["name"] for row in await tx.connection.fetch("select name from partitions where kind = 'calls'")]
    assert "calls_first" not in names


async def test_month_that_somebody_reads_is_left_for_another_time(database: PostgresDatabase) -> None:
    now = utc_now()
    async with database.transaction() as tx:
        await _begin_parts_two_months_ago(tx.connection)

    async with database.transaction() as reader:
        await reader.connection.fetch("select id from calls")
        with pytest.raises(Unavailable):
            await forget_old(database, {Kind.CALLS: 40 * DAY}, None, now)

    await forget_old(database, {Kind.CALLS: 40 * DAY}, None, now)


async def test_part_that_has_not_ended_cannot_be_dropped(database: PostgresDatabase) -> None:
    """Whatever the settings say, and whoever asks (SUP-5)."""
    async with database.reading() as tx:
        with pytest.raises(asyncpg.InvalidParameterValueError):
            await tx.connection.execute("select drop_partition('calls_first')")


async def test_old_messages_go_with_their_targets_but_none_that_is_still_to_be_sent(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    now = utc_now()
    sent, scheduled, young = new_id(now - 100 * DAY), new_id(now - 99 * DAY), new_id(now)
    async with database.transaction() as tx:
        for each, status in ((sent, "delivered"), (scheduled, "scheduled"), (young, "delivered")):
            await tx.connection.execute(
                "insert into messages (id, account_id, direction, source, text, created_at)"
                " values ($1, $1, 'outbound', '{}', 'hello', now())",
                each,
            )
            await tx.connection.execute(
                "insert into message_targets (message_id, position, conversation_id, destination, status, parts,"
                " due_at, created_at, updated_at) values ($1, 0, $1, '{}', $2, 1, now(), now(), now())",
                each,
                status,
            )

    assert not await forget_old(database, {Kind.MESSAGES: 40 * DAY}, FolderObjects(tmp_path), now)

    async with database.reading() as tx:
        left = [row["id"] for row in await tx.connection.fetch("select id from messages order by id")]
        targets = await tx.connection.fetchval("select count(*) from message_targets")
    assert left == [scheduled, young]
    assert targets == 2
    (line,) = _archived(tmp_path, "messages")
    assert (line["id"], line["text"], line["targets"][0]["status"]) == (str(sent), "hello", "delivered")


async def test_ended_deliveries_and_runs_go_too(database: PostgresDatabase) -> None:
    now = utc_now()
    old = [new_id(now - 100 * DAY) for _ in range(2)]
    async with database.transaction() as tx:
        for each, status in zip(old, ("delivered", "pending"), strict=True):
            await tx.connection.execute(
                "insert into webhook_deliveries (id, account_id, endpoint_id, event_id, resource_id, resource_seq,"
                " status, due_at, created_at) values ($1, $1, $1, $1, $1, 1, $2, now(), now())",
                each,
                status,
            )
            await tx.connection.execute(
                "insert into webhook_attempts (delivery_id, attempt, started_at, duration_ms) values ($1, 1, now(), 1)",
                each,
            )
            await tx.connection.execute(
                "insert into runs (id, account_id, status, reference_type, created_at, ended_at)"
                " values ($1, $1, $2, 'call', now(), $3)",
                each,
                *(("ended", now) if status == "delivered" else ("running", None)),
            )

    await forget_old(database, {Kind.DELIVERIES: 40 * DAY, Kind.RUNS: 40 * DAY}, None, now)

    async with database.reading() as tx:
        for table in ("webhook_deliveries", "runs"):
            assert [row["id"] for row in await tx.connection.fetch(f"select id from {table}")] == old[1:], table
        assert await tx.connection.fetchval("select count(*) from webhook_attempts") == 1


async def test_bounds_of_parts_are_those_of_ids(database: PostgresDatabase) -> None:
    moment = datetime(2026, 11, 22, 1, 2, 3, 456_000, UTC)
    async with database.reading() as tx:
        assert await tx.connection.fetchval("select first_id($1)", moment) == first_id(moment)


def _archived(folder: Path, kind: str) -> list[dict[str, Any]]:
    files = sorted((folder / kind).iterdir())
    return [json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
