"""The statements of a live call are planned once, often while their tables are empty; they must not read whole tables
then either, for the plan stays while the tables grow by the million."""

import re
from collections.abc import AsyncIterator

import pytest

from dialplane.adapters.postgres.connection import queries
from dialplane.adapters.postgres.database import PostgresDatabase, connect
from tests.sealing import SEAL


@pytest.fixture
async def voice_database(dsn: str) -> AsyncIterator[PostgresDatabase]:
    """As the voice process connects, to a database without a single call."""
    database = await connect(dsn, SEAL, max_size=1, for_calls=True)
    yield database
    await database.close()


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("accounts", "find_accounts"),
        ("called", "find"),
        ("calls", "save_many"),
        ("calls", "update_many"),
        ("events", "append"),
        ("events", "append_outside_runs"),
        ("flows", "find_many"),
        ("ledger", "lock_purses"),
        ("ledger", "find_holds"),
        ("ledger", "change_holds"),
        ("ledger", "close_holds"),
        ("ledger", "find_entries"),
        ("ledger", "save_purses"),
        ("numbers", "find_live"),
        ("rates", "tariffs"),
        ("runs", "add_many"),
        ("runs", "save_progress"),
    ],
)
async def test_statement_of_a_call_asks_by_key(voice_database: PostgresDatabase, subject: str, name: str) -> None:
    sql = queries(subject)[name]
    nulls = ", ".join(["null"] * max(map(int, re.findall(r"\$(\d+)", sql))))
    async with voice_database.reading() as tx:
        await tx.connection.execute(f"prepare statement as {sql}")
        rows = await tx.connection.fetch(f"explain (costs off) execute statement ({nulls})")
    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan" not in plan, plan


async def test_messages_are_looked_for_by_their_keys_in_an_empty_store_too(database: PostgresDatabase) -> None:
    """By connections of any kind: a plan that is kept is made of what the table holds at that moment."""
    async with database.reading() as tx, tx.connection.transaction():
        for n in range(10):
            assert await tx.messages.find_by_keys([f"in:{n}:{each}" for each in range(200)]) == []
        scans = await tx.connection.fetchval(
            "select seq_scan from pg_stat_xact_user_tables where relname = 'messages' and schemaname = 'public'"
        )
    assert scans == 0
