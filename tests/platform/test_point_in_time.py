"""An embedded server that archives its log, and a platform made from a copy and that log (AV-7)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.postgres.sealed_columns import open_seal
from dialplane.config.settings import Settings
from dialplane.supervisor import backup, folder, restore
from dialplane.supervisor.store_at_hand import started
from tests.effort import PATIENCE_S
from tests.services.buying import buyer


@dataclass
class Archived:
    """A data folder whose log is archived; the moments between which three accounts were made."""

    settings: Settings
    archive: Path
    after_first: datetime
    after_second: datetime


@asynccontextmanager
async def _database(dsn: str, settings: Settings) -> AsyncIterator[PostgresDatabase]:
    database = await connect(dsn, await open_seal(dsn, settings.find_master_key()), max_size=1)
    yield database
    await database.close()


async def _now(database: PostgresDatabase) -> datetime:
    """The server's, as its log tells time."""
    async with database.reading() as tx:
        moment: datetime = await tx.connection.fetchval("select clock_timestamp()")
        return moment


async def _everything_archived(database: PostgresDatabase) -> None:
    async with database.reading() as tx:
        piece = await tx.connection.fetchval("select pg_walfile_name(pg_switch_wal())")
        async with asyncio.timeout(PATIENCE_S):
            while (await tx.connection.fetchval("select last_archived_wal from pg_stat_archiver") or "") < piece:
                await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Archived:
    home = tmp_path_factory.mktemp("home")
    return asyncio.run(_live(Settings(data=home / "data", wal_archive=home / "the archive"), home / "the archive"))


async def _live(settings: Settings, archive: Path) -> Archived:
    """An account, a copy, another account, and a third that nobody wants back."""
    folder.prepare(settings)
    folder.make_master_key(settings)
    (settings.recordings / "kept.wav").write_bytes(b"RIFF")
    async with started(settings) as dsn:
        await migrate(dsn)
        async with _database(dsn, settings) as database:
            await buyer(database)
            assert await asyncio.to_thread(backup.run, settings, wal=str(archive)) == 0
            after_first = await _now(database)
            await buyer(database)
            after_second = await _now(database)
            await buyer(database)
            await _everything_archived(database)
    return Archived(settings, archive, after_first, after_second)


async def _accounts(data: Path) -> int:
    async with (
        started(Settings(data=data)) as dsn,
        _database(dsn, Settings(data=data)) as database,
        database.reading() as tx,
    ):
        return int(await tx.connection.fetchval("select count(*) from accounts"))


def test_platform_goes_back_to_a_second_between_two_deeds(
    archived: Archived, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """AV-7, LED-1: to a moment of the log, not of the copy; proven before it is there."""
    data, to = tmp_path / "data", archived.after_second.isoformat()

    status = restore.run(Settings(data=data), file=str(archived.archive), to=to)

    assert status == 0, capsys.readouterr().err
    assert "the ledger balances" in capsys.readouterr().err
    assert asyncio.run(_accounts(data)) == 2
    assert (data / "recordings/kept.wav").read_bytes() == b"RIFF"
    assert (data / "master.key").read_text() == archived.settings.master_key_file.read_text()
    assert restore.run(Settings(data=data), file=str(archived.archive), to=to) == 1
    assert "holds a platform already" in capsys.readouterr().err


def test_without_a_time_it_goes_to_the_end_of_the_log(archived: Archived, tmp_path: Path) -> None:
    assert restore.run(Settings(data=tmp_path / "data"), file=str(archived.archive)) == 0

    assert asyncio.run(_accounts(tmp_path / "data")) == 3


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("2020-01-01T00:00:00Z", "no copy was made before"),
        ("2999-01-01T00:00:00Z", "recovery ended before configured recovery target was reached"),
        ("noon", "--to must be a time"),
        ("2026-01-01T00:00:00", "zone"),
    ],
)
def test_time_that_cannot_be_is_refused_and_leaves_nothing(
    archived: Archived, tmp_path: Path, capsys: pytest.CaptureFixture[str], to: str, said: str
) -> None:
    data = tmp_path / "data"

    assert restore.run(Settings(data=data), file=str(archived.archive), to=to) == 1

    assert said in capsys.readouterr().err
    assert not (data / "pg").exists()


def test_copy_without_an_archived_log_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert backup.run(Settings(data=tmp_path), wal=str(tmp_path / "elsewhere")) == 1
    assert "DIALPLANE_WAL_ARCHIVE" in capsys.readouterr().err
