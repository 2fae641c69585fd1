"""Forward migrations: numbered SQL files, each applied once in its own transaction, in order, under an advisory lock.

Every file begins with `-- before` or `-- after`: whether it is applied before or after the new code serves.
"""

import asyncio
from importlib import resources

import asyncpg

from dialplane.adapters.postgres.reach import reach

_LOCK = 0x6469616C  # "dial"
_TRIES = 60
_PAUSE_S = 0.5
"""Between two tries of a migration that did not get its locks in time: those who serve come first."""


def migrations() -> list[tuple[str, str]]:
    """`(name, sql)` of every migration, in order."""
    folder = resources.files(__package__).joinpath("sql/migrations")
    return sorted((file.name, file.read_text()) for file in folder.iterdir() if file.name.endswith(".sql"))


async def migrate(dsn: str) -> list[str]:
    """Apply what is missing and return its names. Safe to run from several processes at once."""
    connection = await reach(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            "create table if not exists schema_migrations"
            " (name text primary key, applied_at timestamptz not null default now())"
        )
        done = {row["name"] for row in await connection.fetch("select name from schema_migrations")}
        missing = [(name, sql) for name, sql in migrations() if name not in done]
        for name, sql in missing:
            await _apply(connection, name, sql)
        return [name for name, _ in missing]
    finally:
        await connection.close()


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", name: str, sql: str) -> None:
    for tries_left in reversed(range(_TRIES)):
        try:
            async with connection.transaction():
                await connection.execute(sql)
                await connection.execute("insert into schema_migrations (name) values ($1)", name)
            return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if not tries_left:
                raise
        await asyncio.sleep(_PAUSE_S)
