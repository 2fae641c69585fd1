"""The data folder: its lock, its subfolders, and the file that says how to reach the platform."""

import contextlib
import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from dialplane.config.settings import Settings
from dialplane.config.values import Endpoint
from dialplane.supervisor.errors import BusyError, StartError

_LONGEST_SOCKET = 107
KEPT = ("recordings", "documents", "media")
"""Subfolders whose files rows name: they are as precious as the rows. The others can be made again."""


def kept_files(data: Path) -> Iterator[str]:
    """The names of the files below `data` that rows name."""
    for kept in KEPT:
        yield from (str(path.relative_to(data)) for path in sorted((data / kept).rglob("*")) if path.is_file())


@contextlib.contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the folder, made where it is not there, for this process alone; the kernel frees it with the process.

    Raises BusyError where another `up` has it, StartError where it cannot be made.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (data / "lock").open("a+")
    except OSError as fault:
        raise StartError(f"The data folder {data} cannot be used: {fault.strerror}") from fault
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            file.seek(0)
            raise BusyError(f"Another dialplane (process {file.read().strip()}) runs on {data}") from fault
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextlib.contextmanager
def socket_folder(settings: Settings) -> Iterator[Settings]:
    """The settings with a folder for sockets whose path is short enough: `sun_path` holds 108 bytes (unix(7))."""
    if len(os.fsencode(settings.media_socket)) <= _LONGEST_SOCKET:
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="dialplane-run-") as short:
        yield replace(settings, run=Path(short))


def prepare(settings: Settings) -> None:
    """Make the folders that the processes write to."""
    for folder in (settings.logs, settings.recordings, settings.prompts, settings.media_socket.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def make_master_key(settings: Settings) -> None:
    """Draw the key of a Postgres of our own, where none is set; that of somebody else may have other processes too."""
    if not settings.database_url and not settings.master_key and not settings.master_key_file.exists():
        _write_private(settings.master_key_file, secrets.token_hex(32) + "\n")


def write_private(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON that only this user may read, in one step: nobody ever sees half of it."""
    _write_private(path, json.dumps(content) + "\n")


def write_targets(path: Path, places: Mapping[str, Endpoint]) -> None:
    """Where the metrics of each role are, as Prometheus reads it (`file_sd_configs`): ports differ between starts."""
    targets = [{"targets": [str(place)], "labels": {"role": role}} for role, place in places.items()]
    path.write_text(json.dumps(targets) + "\n")


def _write_private(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
