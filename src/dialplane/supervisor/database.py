"""The platform's Postgres: yours where `DATABASE_URL` names one, else the embedded one, kept running."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import asyncpg
import structlog

from dialplane.adapters.postgres.embedded import EmbeddedPostgres, PostgresFailedError
from dialplane.adapters.postgres.physical import archiving, make_archive
from dialplane.adapters.postgres.reach import UNREACHED, reach
from dialplane.config.settings import Settings
from dialplane.supervisor.child import Pauses
from dialplane.supervisor.errors import StartError

DATABASE = "dialplane"

log = structlog.get_logger()


def say_nothing(_text: str) -> None:
    """For a server that nobody watches."""


class Postgres(Protocol):
    """The store as the supervisor sees it."""

    async def start(self) -> str:
        """The database's address. Raises StartError."""
        ...

    async def keep(self) -> None: ...

    async def stop(self) -> None: ...


class YourPostgres:
    """Somebody else looks after it; we only use it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def start(self) -> str:
        try:
            connection = await reach(self._dsn, timeout=10)
        except (*UNREACHED, ValueError) as fault:
            raise StartError(f"The Postgres of DATABASE_URL cannot be used: {fault}") from fault
        await connection.close()
        return self._dsn

    async def keep(self) -> None:
        """Nothing to keep: the processes connect again by themselves."""

    async def stop(self) -> None:
        """Nothing of ours to stop."""


class OwnPostgres:
    """The embedded server, started again when it dies."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._archive = settings.wal_archive and settings.wal_archive.absolute() / "log"
        self._server = EmbeddedPostgres(
            settings.data / "pg", settings=archiving(self._archive) if self._archive else {}
        )
        self._say = say
        self._is_stopping = False
        self._pauses = Pauses()

    async def start(self) -> str:
        try:
            if self._archive:
                make_archive(self._archive)
            await self._server.start()
        except (PostgresFailedError, OSError) as fault:
            raise StartError(str(fault)) from fault
        connection = await asyncpg.connect(self._server.dsn())
        if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await connection.execute(f"create database {DATABASE}")
        await connection.close()
        return self._server.dsn(DATABASE)

    async def keep(self) -> None:
        loop = asyncio.get_running_loop()
        while self._server.process is not None:
            started = loop.time()
            await self._server.process.wait()
            if self._is_stopping:
                return
            pause = self._pauses.after(loop.time() - started)
            log.error("postgres_died", status=self._server.process.returncode, pause_s=pause)
            self._say(f"Postgres died; starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            try:
                await self._server.start()
            except PostgresFailedError as fault:
                log.error("postgres_restart_failed", fault=str(fault))

    async def stop(self) -> None:
        self._is_stopping = True
        await self._server.stop()


def choose(settings: Settings, say: Callable[[str], None]) -> Postgres:
    return YourPostgres(settings.database_url) if settings.database_url else OwnPostgres(settings, say)
