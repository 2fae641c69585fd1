"""The embedded Postgres starts anywhere, ends cleanly, and comes back after a crash."""

import os
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.postgres.embedded import EmbeddedPostgres, PostgresFailedError
from dialplane.adapters.postgres.physical import recover


async def test_database_of_a_test_answers(database: PostgresDatabase) -> None:
    async with database.transaction() as tx:
        assert await tx.connection.fetchval("select count(*) from schema_migrations") >= 0


async def test_data_is_found_again_after_the_server_was_killed(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    first = EmbeddedPostgres(private / "pg")
    await first.start()
    connection = await asyncpg.connect(first.dsn())
    await connection.execute("create table kept (value int); insert into kept values (7)")
    assert first.process is not None
    os.kill(first.process.pid, signal.SIGKILL)
    await first.process.wait()

    second = EmbeddedPostgres(private / "pg")
    await second.start()
    again = await asyncpg.connect(second.dsn())
    kept = await again.fetchval("select value from kept")
    await again.close()
    await second.stop()

    assert kept == 7
    assert private.stat().st_mode & 0o777 == 0o700


async def test_server_that_was_killed_and_not_yet_collected_by_its_parent_bars_nobody(tmp_path: Path) -> None:
    """As in a container whose first process collects no orphans: the id in the lock file still exists."""
    first = EmbeddedPostgres(tmp_path / "pg")
    await first.start()
    assert first.process is not None
    os.kill(first.process.pid, signal.SIGKILL)
    await first.process.wait()
    locks = [tmp_path / "pg/data/postmaster.pid", tmp_path / "pg/socket/.s.PGSQL.5432.lock"]

    with dead_and_uncollected(locks[0].stat().st_uid) as pid:
        for lock in locks:
            lock.write_text("\n".join([str(pid), *lock.read_text().splitlines()[1:]]) + "\n")
        second = EmbeddedPostgres(tmp_path / "pg")
        await second.start()
        await second.stop()


@pytest.mark.parametrize("name", ["../elsewhere", "/tmp/elsewhere", "base/../../elsewhere"])
@pytest.mark.parametrize("has_filter", [True, False], ids=["filter", "no-filter"])
async def test_copy_that_would_write_elsewhere_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, has_filter: bool
) -> None:
    if not has_filter:  # as before Python 3.11.4
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    with tarfile.open(tmp_path / "copy.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo(name))

    with pytest.raises(PostgresFailedError, match="nothing that a copy of a server holds"):
        await recover(tmp_path / "server", tmp_path / "copy.tar", tmp_path, None)

    assert not list((tmp_path / "server/data").iterdir())
    assert not (tmp_path / "server/elsewhere").exists()


@contextmanager
def dead_and_uncollected(user: int) -> Iterator[int]:
    process = subprocess.Popen(["true"], user=user)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process.pid
    process.wait()
