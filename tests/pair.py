"""A real pair of Postgres servers: a primary, and a standby that pg_basebackup made."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from dialplane.adapters.postgres.embedded import EmbeddedPostgres, as_server_user, binaries
from tests.effort import PATIENCE_S

_SMALL = {"shared_buffers": "32MB", "wal_keep_size": "64MB", "fsync": "off"}


@dataclass
class Pair:
    primary: EmbeddedPostgres
    standby: EmbeddedPostgres

    def dsn(self, database: str) -> str:
        """Of both servers, as DATABASE_URL has it."""
        hosts = ",".join(quote(str(each.sockets)) for each in (self.primary, self.standby))
        return f"postgresql://postgres@/{database}?host={hosts}"

    async def wait_for_standby(self) -> None:
        """From now on what was answered is on both: a failover loses nothing."""
        admin = await asyncpg.connect(self.primary.dsn())
        await admin.execute("alter system set synchronous_standby_names = '*'")
        await admin.execute("select pg_reload_conf()")
        async with asyncio.timeout(PATIENCE_S):
            while not await admin.fetchval("select true from pg_stat_replication where sync_state = 'sync'"):
                await asyncio.sleep(0.05)
        await admin.close()

    async def kill_primary(self) -> None:
        """As a crash of its host: no process of it says goodbye."""
        assert self.primary.process is not None
        postmaster = self.primary.process.pid
        sessions = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, sessions)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await self.primary.process.wait()

    async def promote_standby(self) -> None:
        connection = await asyncpg.connect(self.standby.dsn())
        assert await connection.fetchval("select pg_promote()")
        await connection.close()


async def _copy(primary: EmbeddedPostgres, folder: Path) -> None:
    folder.mkdir()
    process = await asyncio.create_subprocess_exec(
        *as_server_user(
            *(binaries() / "pg_basebackup", "--dbname", primary.dsn(), "--pgdata", str(folder / "data")),
            *("--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
            owner_of=folder,
        ),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


@contextlib.asynccontextmanager
async def running_pair(folder: Path, *databases: str) -> AsyncIterator[Pair]:
    primary = EmbeddedPostgres(folder / "a", settings=_SMALL)
    standby = EmbeddedPostgres(folder / "b", settings=_SMALL)
    await primary.start()
    try:
        admin = await asyncpg.connect(primary.dsn())
        for database in databases:
            await admin.execute(f"create database {database}")
        await _copy(primary, folder / "b")
        await standby.start()
        await admin.close()
        yield Pair(primary, standby)
    finally:
        await standby.stop()
        await primary.stop()
