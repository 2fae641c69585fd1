"""A platform as it was at any second: a copy of its server and files, and the log that the server archives meanwhile.

The folder holds `log/`, which Postgres fills (DIALPLANE_WAL_ARCHIVE), and `copies/`, a file for each `backup --wal`.
"""

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from dialplane import __version__
from dialplane.adapters.postgres.physical import copy_server, recover
from dialplane.config.settings import Settings
from dialplane.domain.ids import utc_now
from dialplane.domain.times import rfc3339
from dialplane.supervisor import folder
from dialplane.supervisor.archive import ArchiveWriter, BadArchiveError, unpack, written_whole
from dialplane.supervisor.errors import StartError
from dialplane.supervisor.store_at_hand import store_at_hand

LOG, COPIES = "log", "copies"
SERVER = "server.tar"
_NAME = "%Y%m%dT%H%M%S.%fZ.tar"


async def copy_to(settings: Settings, archive: Path) -> Path:
    """A new copy in the archive; its file. Raises StartError, PostgresFailedError, OSError."""
    if settings.database_url:
        raise StartError("the Postgres of DATABASE_URL is copied with its own tools, such as pgBackRest")
    if settings.wal_archive is None or settings.wal_archive.absolute() != archive.absolute():
        raise StartError(f"set DIALPLANE_WAL_ARCHIVE={archive} for `up`: without its log a copy is of one moment only")
    copies = archive / COPIES
    copies.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=copies) as draft:
        async with store_at_hand(settings) as dsn:
            await copy_server(dsn, Path(draft) / SERVER)
        made_at = utc_now()  # no moment before the copy's end can be gone back to
        file = copies / made_at.strftime(_NAME)
        with written_whole(file) as target:
            writer = ArchiveWriter(target)
            writer.add(Path(draft) / SERVER, SERVER)
            for name in folder.kept_files(settings.data):
                writer.add(settings.data / name, name)
            for secret in (settings.master_key_file, settings.credentials):
                writer.add(secret, secret.name)
            writer.finish({"dialplane": __version__, "made_at": rfc3339(made_at)})
    return file


async def recover_from(archive: Path, until: datetime | None, data: Path, draft: Path) -> None:
    """The server below `data` as it was then, and beside it in `draft` the files of the newest copy before.

    Raises BadArchiveError, PostgresFailedError, OSError.
    """
    copy = _newest(archive, until)
    with copy.open("rb") as source:
        await asyncio.to_thread(unpack, source, draft)
    try:
        await recover(data / "pg", draft / SERVER, archive / LOG, until)
    except BaseException:
        shutil.rmtree(data / "pg", ignore_errors=True)
        raise
    (draft / SERVER).unlink()


def _newest(archive: Path, until: datetime | None) -> Path:
    made = {_made_at(path): path for path in (archive / COPIES).glob("*.tar")}
    fit = [moment for moment in made if until is None or moment <= until]
    if not fit:
        raise BadArchiveError("no copy was made before that moment" if made else "there is no copy in it")
    return made[max(fit)]


def _made_at(copy: Path) -> datetime:
    try:
        return datetime.strptime(copy.name, _NAME).replace(tzinfo=UTC)
    except ValueError as fault:
        raise BadArchiveError(f"{copy.name} is no copy of ours") from fault
