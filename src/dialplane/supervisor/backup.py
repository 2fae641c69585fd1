"""`dialplane backup`: everything that must not be lost, in one file, while the platform runs (AV-7)."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO

import asyncpg

from dialplane import __version__
from dialplane.adapters.postgres.dump import DumpFacts, DumpFailedError, dump
from dialplane.adapters.postgres.embedded import PostgresFailedError
from dialplane.config.settings import Settings
from dialplane.domain.ids import utc_now
from dialplane.domain.times import rfc3339
from dialplane.supervisor import folder
from dialplane.supervisor.archive import ArchiveWriter, written_whole
from dialplane.supervisor.errors import StartError
from dialplane.supervisor.point_in_time import copy_to
from dialplane.supervisor.store_at_hand import store_at_hand

DUMP = "database.dump"
PIPE = "-"


def run(settings: Settings, *, file: str = "", wal: str = "") -> int:
    """Write the backup to `file`, or to standard output; or a copy to the archive `wal`. The exit status."""
    settings = replace(settings, data=settings.data.absolute())
    try:
        if wal:
            copy = asyncio.run(copy_to(settings, Path(wal).absolute()))
            _say(f"{copy}: from its moment on `dialplane restore {wal} --to TIME` can go back to any second")
            return 0
        with _target(file) as target:
            facts, files = asyncio.run(_back_up(settings, target, None if file == PIPE else Path(file).parent))
    except (StartError, DumpFailedError, PostgresFailedError, asyncpg.PostgresError, OSError) as fault:
        _say(f"no backup was made: {fault}")
        return 1
    _say(f"{file}: {facts.accounts} accounts, {facts.numbers} numbers, {facts.calls} calls, {files} files")
    if not settings.master_key_file.exists() and settings.master_key:
        _say("the master key of DIALPLANE_MASTER_KEY is not in it: keep it apart, nothing can be unsealed without it")
    return 0


async def _back_up(settings: Settings, target: IO[bytes], beside: Path | None) -> tuple[DumpFacts, int]:
    """The database first: rows name files, so that every file that they name is there when files are read. Its dump
    lies `beside` for a while, where there is room for the backup."""
    writer = ArchiveWriter(target)
    with tempfile.TemporaryDirectory(prefix=".dialplane-backup-", dir=beside) as draft:
        async with store_at_hand(settings) as dsn:
            facts = await dump(dsn, Path(draft) / DUMP)
        writer.add(Path(draft) / DUMP, DUMP)
    files = sum(writer.add(settings.data / name, name) for name in folder.kept_files(settings.data))
    for secret in (settings.master_key_file, settings.credentials):
        writer.add(secret, secret.name)
    writer.finish({"dialplane": __version__, "made_at": rfc3339(utc_now()), "facts": asdict(facts)})
    return facts, files


@contextmanager
def _target(file: str) -> Iterator[IO[bytes]]:
    if file == PIPE:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with written_whole(Path(file)) as target:
        yield target


def _say(text: str) -> None:
    print(f"dialplane: {text}", file=sys.stderr, flush=True)
