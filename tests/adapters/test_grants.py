"""SUP-5: the role of the processes works, and can neither change the schema nor what only grows."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from dialplane.adapters.postgres.database import connect
from dialplane.adapters.postgres.grants import NoSuchRoleError, grant_to
from dialplane.domain.ids import utc_now
from dialplane.domain.money import usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import NewItem
from dialplane.services.charging.billing import check_ledger
from dialplane.services.operating.retention import make_room
from dialplane.services.supply.inventory import import_items
from tests.faces.conftest import make_tenant
from tests.sealing import SEAL


@pytest.fixture
async def role(dsn: str) -> AsyncIterator[str]:
    name = f"app_{secrets.token_hex(6)}"
    owner = await asyncpg.connect(dsn)
    await owner.execute(f"create role {name} login")
    try:
        await grant_to(dsn, name)
        await grant_to(dsn, name)  # as after the next migration
        yield name
    finally:
        await owner.execute(f"drop owned by {name}")
        await owner.execute(f"drop role {name}")
        await owner.close()


def _as(dsn: str, role: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))


async def test_processes_work_as_the_role(dsn: str, role: str) -> None:
    database = await connect(_as(dsn, role), SEAL, max_size=2)
    try:
        await make_tenant(database)
        await import_items(database, [NewItem("+14155550100", NumberKind.LOCAL, "US", setup_micros=usd(1))], utc_now())
        await make_room(database, utc_now() + timedelta(days=90))
        async with database.reading() as tx:  # as a backup does, part by part
            assert await tx.connection.fetchval("select count(*) from calls_first") == 0
            last = await tx.connection.fetchval("select name from partitions order by until_at desc limit 1")
            assert await tx.connection.fetchval(f"select count(*) from {last}") == 0
        totals = await check_ledger(database)
    finally:
        await database.close()

    assert totals.balanced


@pytest.mark.parametrize(
    "forbidden",
    [
        "update ledger_entries set amount_micros = 1",
        "delete from ledger_postings",
        "truncate ledger_entries",
        "delete from audit_log",
        "drop table calls_first",
        "delete from partitions",
        "update audit_log set created_at = now()",
        "create table mine (id int)",
        "alter table calls add column mine int",
        "drop trigger ledger_entries_append_only on ledger_entries",
        "delete from schema_migrations",
        "create role other superuser",
    ],
)
async def test_role_can_change_neither_the_schema_nor_what_only_grows(dsn: str, role: str, forbidden: str) -> None:
    """SUP-5, SUP-6, LED-1."""
    connection = await asyncpg.connect(_as(dsn, role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(forbidden)
    finally:
        await connection.close()


async def test_role_that_is_not_there_or_may_do_everything_is_refused(dsn: str) -> None:
    for name in ("nobody_of_that_name", "postgres"):
        with pytest.raises(NoSuchRoleError, match="create role"):
            await grant_to(dsn, name)
