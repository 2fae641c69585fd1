"""The embedded server's log, archived as it is written, and a server made from a copy and that log: to any second."""

import asyncio
import shlex
import shutil
import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from subprocess import DEVNULL, PIPE

import asyncpg

from dialplane.adapters.postgres.embedded import EmbeddedPostgres, PostgresFailedError, binaries, give

ARCHIVE_TIMEOUT_S = 60
"""A disk that is lost with everything on it costs a minute at the most: so old the newest piece of the log may be."""
_RECOVERY_TIMEOUT_S = 24 * 3600.0
_LAST_WORDS = 2_000


def archiving(folder: Path) -> dict[str, str]:
    """The server's settings that put each piece of its log into `folder`, whole or not at all, and never over another
    one; a piece that is there already, from before a crash, must be the same."""
    place = shlex.quote(str(folder)).replace("%", "%%")
    kept, part = f"{place}/%f", f"{place}/%f.part"
    return {
        "archive_mode": "on",
        "archive_timeout": f"{ARCHIVE_TIMEOUT_S}s",
        "archive_command": (
            f"if test -f {kept}; then cmp -s %p {kept}; else cp %p {part} && sync {part} && mv {part} {kept}; fi"
        ),
    }


def make_archive(folder: Path) -> None:
    """The folder, for the server to write to."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    give(folder)


async def copy_server(dsn: str, to: Path) -> None:
    """Write a tar of the server's files to `to` while it runs, with what of the log makes them one whole. Raises
    PostgresFailedError."""
    with to.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(str(binaries() / "pg_basebackup"), "--dbname", dsn, "--pgdata=-", "--format=tar"),
            *("--wal-method=fetch", "--checkpoint=fast"),
            stdin=DEVNULL,
            stdout=file,
            stderr=PIPE,
        )
        _, said = await process.communicate()
    if process.returncode != 0:
        raise PostgresFailedError(f"pg_basebackup failed: {said.decode(errors='replace')[-_LAST_WORDS:].strip()}")


async def recover(server: Path, copy: Path, log: Path, until: datetime | None) -> None:
    """Make the server's folder from a copy, and bring it to that moment by the archived log, or to its end.

    Raises PostgresFailedError where the log does not reach so far; the folder is of no use then.
    """
    await asyncio.to_thread(_unpack, copy, server)
    fetch = f"cp {shlex.quote(str(log)).replace('%', '%%')}/%f %p"
    target = {} if until is None else {"recovery_target_time": until.isoformat(), "recovery_target_action": "promote"}
    recovering = EmbeddedPostgres(server, settings={"restore_command": fetch, **target})
    try:
        await recovering.start()
        await _until_recovered(recovering)
    finally:
        await recovering.stop()


async def _until_recovered(server: EmbeddedPostgres) -> None:
    """It answers questions while it still reads its log; where the log ends too soon, it ends."""
    assert server.process is not None
    try:
        async with asyncio.timeout(_RECOVERY_TIMEOUT_S):
            while server.process.returncode is None:
                if not await _is_recovering(server.dsn()):
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise PostgresFailedError("the log was not read through in a day") from None
    raise PostgresFailedError((server.folder / "server.log").read_text(errors="replace")[-_LAST_WORDS:])


async def _is_recovering(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn)
        try:
            return bool(await connection.fetchval("select pg_is_in_recovery()"))
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError):
        return True  # between its states it takes nobody


def _below(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Files and folders. Raises PostgresFailedError where one would come to lie elsewhere, or is something else."""
    for member in tar:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            raise PostgresFailedError(f"{member.name} is nothing that a copy of a server holds")
        yield member


def _unpack(copy: Path, server: Path) -> None:
    data = server / "data"
    data.mkdir(parents=True, mode=0o700)
    with tarfile.open(copy) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(data, members=_below(tar), filter="data")
        else:  # Python before 3.11.4, as Debian 12 has it
            tar.extractall(data, members=_below(tar))
    (data / "recovery.signal").touch()
    shutil.rmtree(data / "pg_replslot", ignore_errors=True)  # of whoever followed the server that was
    (data / "pg_replslot").mkdir()
    data.chmod(0o700)
    for path in (server, data, *data.rglob("*")):
        give(path)
