"""Lists of an account's numbers read what they show, however many numbers the account has: their plans say so."""

import re
from collections.abc import AsyncIterator

import pytest

from dialplane.adapters.postgres.connection import queries
from dialplane.adapters.postgres.database import PostgresDatabase, connect
from tests.sealing import SEAL


@pytest.fixture
async def planning(dsn: str) -> AsyncIterator[PostgresDatabase]:
    """A database that makes one plan for all arguments, with indexes where they serve."""
    database = await connect(dsn, SEAL, max_size=1, for_calls=True)
    yield database
    await database.close()


@pytest.mark.parametrize(
    ("subject", "name", "planned"),
    [
        ("numbers", "list_after", "Index Only Scan using numbers_by_account"),
        ("numbers", "list_released", "Index Scan using numbers_released_by_account"),
        ("orders", "list_open", "Index Scan using orders_open"),
        ("orders", "list_ended", "Index Scan using orders_by_account"),
        ("patterns", "list_in_order", "Index Scan using numbers_patterns_in_order"),
        ("history", "list_for", "Index Scan Backward using number_history_pkey"),
        ("number_jobs", "list_for", "Index Scan using number_jobs_by_account"),
        ("number_jobs", "list_lines", "Index Scan using number_job_lines_pkey"),
        ("number_jobs", "list_lines_of", "Index Scan using number_job_lines_by_outcome"),
    ],
)
async def test_list_walks_the_index_of_its_order(
    planning: PostgresDatabase, subject: str, name: str, planned: str
) -> None:
    """No list sorts what it does not show."""
    sql = queries(subject)[name]
    nulls = ", ".join(["null"] * max(map(int, re.findall(r"\$(\d+)", sql))))
    async with planning.transaction() as tx:
        # As with many rows: the tables of the tests are empty, where any way is as good as another.
        await tx.connection.execute("set local enable_bitmapscan = off")
        await tx.connection.execute("set local enable_sort = off")
        await tx.connection.execute(f"prepare statement as {sql}")
        rows = await tx.connection.fetch(f"explain (costs off) execute statement ({nulls})")
    plan = "\n".join(row[0] for row in rows)
    assert planned in plan, plan
