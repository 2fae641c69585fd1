"""The platform's database for a command that needs it for a while, whether the platform runs or not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dialplane.adapters.postgres.embedded import dsn_of_running
from dialplane.config.settings import Settings
from dialplane.supervisor import folder
from dialplane.supervisor.database import DATABASE, OwnPostgres, say_nothing
from dialplane.supervisor.errors import StartError


@asynccontextmanager
async def store_at_hand(settings: Settings) -> AsyncIterator[str]:
    """The database's address: yours, that of the running platform, or of the embedded one, started for the block.

    Raises StartError where there is none.
    """
    if settings.database_url:
        yield settings.database_url
        return
    cluster = settings.data / "pg"
    if running := await dsn_of_running(cluster, DATABASE):
        yield running
        return
    if not (cluster / "data" / "PG_VERSION").exists():
        raise StartError(f"There is no platform in {settings.data}, and DATABASE_URL names no Postgres")
    with folder.locked(settings.data):
        async with started(settings) as dsn:
            yield dsn


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[str]:
    """The embedded Postgres of the data folder, which is locked, made where there is none; stopped after the block."""
    server = OwnPostgres(settings, say_nothing)
    try:
        yield await server.start()
    finally:
        await server.stop()


def is_free(data: Path) -> bool:
    """Whether nothing that a platform keeps is in the folder."""
    return not any((data / name).exists() for name in ("pg", "master.key", "credentials.json", *folder.KEPT))
