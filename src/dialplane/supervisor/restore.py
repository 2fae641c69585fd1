"""`dialplane restore`: a platform from a backup, on an empty folder and database, proven before it is there."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import asyncpg

from dialplane.adapters.postgres.database import connect
from dialplane.adapters.postgres.dump import DumpFailedError, has_tables, restore
from dialplane.adapters.postgres.embedded import PostgresFailedError
from dialplane.adapters.postgres.sealed_columns import open_seal
from dialplane.adapters.secrets.sealing import WrongKeyError
from dialplane.config.settings import Settings
from dialplane.config.values import SettingError
from dialplane.domain.times import rfc3339
from dialplane.services.charging.billing import check_ledger
from dialplane.supervisor import folder
from dialplane.supervisor.archive import BadArchiveError, unpack
from dialplane.supervisor.backup import DUMP, PIPE
from dialplane.supervisor.errors import StartError
from dialplane.supervisor.point_in_time import recover_from
from dialplane.supervisor.store_at_hand import is_free, started

_DRAFT = ".restoring"
_FAULTS = (
    StartError,
    BadArchiveError,
    DumpFailedError,
    PostgresFailedError,
    WrongKeyError,
    SettingError,
    asyncpg.PostgresError,
    OSError,
)


def run(settings: Settings, *, file: str, to: str = "") -> int:
    """Restore from `file`, or from standard input, into `--data`; the exit status. What fails leaves nothing behind.

    Where `file` is the folder of an archived log: as it was `to` that time, or at the end of the log.
    """
    settings = replace(settings, data=settings.data.absolute())
    try:
        if not is_free(settings.data):
            raise StartError(f"{settings.data} holds a platform already: a backup is restored into an empty folder")
        if Path(file).is_dir():
            until = _moment(to) if to else None
            with folder.locked(settings.data):
                said = asyncio.run(_go_back(settings, Path(file).absolute(), until))
        else:
            if to:
                raise StartError("--to is for the folder of an archived log: a backup in a file is of one moment")
            with _source(file) as source, folder.locked(settings.data):
                said = asyncio.run(_restore(settings, source))
    except _FAULTS as fault:
        print(f"dialplane: nothing was restored from {file}: {fault}", file=sys.stderr)
        return 1
    print(f"dialplane: {said}", file=sys.stderr)
    return 0


async def _restore(settings: Settings, source: IO[bytes]) -> str:
    draft = settings.data / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)  # of a restore that was killed
    try:
        manifest = unpack(source, draft)
        if not (draft / DUMP).exists():
            raise BadArchiveError("there is no database in it")
        async with _empty_store(settings) as dsn:
            facts = asdict(await restore(dsn, draft / DUMP))
            if facts != manifest["facts"]:
                raise BadArchiveError(f"the database holds {facts} now, and held {manifest['facts']}")
            await _prove(settings, dsn, draft)
        _put_in_place(draft, settings.data)
    except BaseException:
        if not settings.database_url:
            shutil.rmtree(settings.data / "pg", ignore_errors=True)
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return (
        f"{settings.data} is as it was at {manifest['made_at']} (version {manifest['dialplane']}): {facts['accounts']}"
        f" accounts, {facts['numbers']} numbers, {facts['calls']} calls; the ledger balances. Start it as usual"
    )


async def _go_back(settings: Settings, archive: Path, until: datetime | None) -> str:
    if settings.database_url:
        raise StartError("the Postgres of DATABASE_URL is restored with its own tools")
    draft = settings.data / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        await recover_from(archive, until, settings.data, draft)
        async with started(replace(settings, wal_archive=None)) as dsn:
            await _prove(settings, dsn, draft)
        _put_in_place(draft, settings.data)
    except BaseException:
        shutil.rmtree(settings.data / "pg", ignore_errors=True)
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    when = "at the end of the log" if until is None else f"at {rfc3339(until)}"
    return f"{settings.data} is as it was {when}; the ledger balances. Start it as usual"


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as fault:
        raise StartError(f"--to must be a time such as 2026-11-22T01:02:03Z, got {text!r}") from fault
    if moment.tzinfo is None:
        raise StartError("--to must name its zone, such as Z at its end")
    return moment.astimezone(UTC)


@asynccontextmanager
async def _empty_store(settings: Settings) -> AsyncIterator[str]:
    if not settings.database_url:
        async with started(settings) as dsn:
            yield dsn
        return
    if await has_tables(settings.database_url):
        raise StartError("The database of DATABASE_URL has tables already: a backup is restored into an empty one")
    yield settings.database_url


async def _prove(settings: Settings, dsn: str, draft: Path) -> None:
    """The key opens the secrets, and the ledger adds up (LED-1)."""
    seal = await open_seal(dsn, replace(settings, data=draft).find_master_key())
    database = await connect(dsn, seal, max_size=1)
    try:
        totals = await check_ledger(database)
    finally:
        await database.close()
    if not totals.balanced:
        raise BadArchiveError("its ledger does not balance")


def _put_in_place(draft: Path, data: Path) -> None:
    for part in draft.iterdir():
        if part.name != DUMP:
            part.rename(data / part.name)


@contextmanager
def _source(file: str) -> Iterator[IO[bytes]]:
    if file == PIPE:
        yield sys.stdin.buffer
        return
    with Path(file).open("rb") as source:
        yield source
