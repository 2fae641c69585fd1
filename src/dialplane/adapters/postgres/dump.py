"""A database as one file, and back: Postgres's own `pg_dump` and `pg_restore`, and what must be the same afterwards."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from dialplane.adapters.postgres.connection import queries
from dialplane.adapters.postgres.embedded import binaries
from dialplane.adapters.postgres.reach import reach

_SQL = queries("dump")
_LAST_WORDS = 2_000


class DumpFailedError(Exception):
    """Postgres's program failed; the text holds its last words."""


@dataclass(frozen=True, slots=True)
class DumpFacts:
    """What the dump holds. `customers_micros`: all postings on customers' books, added up."""

    migration: str
    accounts: int
    numbers: int
    calls: int
    messages: int
    recordings: int
    postings: int
    customers_micros: int


async def dump(dsn: str, to: Path) -> DumpFacts:
    """Write the whole database to `to` as it is at one moment, while others go on writing; the facts are of the same
    moment. Raises DumpFailedError, OSError and asyncpg's errors."""
    connection = await reach(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("select pg_export_snapshot()")
            facts = await _facts(connection)
            await _run("pg_dump", dsn, "--format=custom", f"--snapshot={snapshot}", f"--file={to}")
    finally:
        await connection.close()
    return facts


async def restore(dsn: str, source: Path) -> DumpFacts:
    """Fill the empty database from a dump, whole or not at all; what it holds then. Raises as `dump` does."""
    await _run("pg_restore", dsn, "--single-transaction", "--exit-on-error", str(source))
    connection = await reach(dsn)
    try:
        await connection.execute("analyze")  # the first calls must not be planned for empty tables
        return await _facts(connection)
    finally:
        await connection.close()


async def has_tables(dsn: str) -> bool:
    connection = await reach(dsn)
    try:
        return bool(await connection.fetchval(_SQL["has_tables"]))
    finally:
        await connection.close()


async def _facts(connection: "asyncpg.Connection[asyncpg.Record]") -> DumpFacts:
    row = await connection.fetchrow(_SQL["facts"])
    assert row is not None  # it selects one row, always
    return DumpFacts(**row)


async def _run(program: str, dsn: str, *arguments: str) -> None:
    address, secret = _without_password(dsn)
    process = await asyncio.create_subprocess_exec(
        *(str(binaries() / program), "--no-owner", "--no-privileges", f"--dbname={address}", *arguments),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, **secret},
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        raise DumpFailedError(f"{program} failed: {said.decode(errors='replace')[-_LAST_WORDS:].strip()}")


def _without_password(dsn: str) -> tuple[str, Mapping[str, str]]:
    """Command lines can be read by everybody on the host, environments only by us."""
    parts = urlsplit(dsn)
    if parts.password is None:
        return dsn, {}
    user, _, place = parts.netloc.rpartition("@")
    bare = parts._replace(netloc=f"{user.partition(':')[0]}@{place}")
    return urlunsplit(bare), {"PGPASSWORD": unquote(parts.password)}
