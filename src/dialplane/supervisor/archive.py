"""A backup as a file: a tar of the database's dump, the kept files and the keys, with a manifest at its end that names
every part with its length and SHA-256. It can be written to a pipe and read from one.

It holds secrets in the clear (the master key, the operator's key): mode 0600, and encrypt what leaves the host.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

MANIFEST = "manifest.json"
FORMAT = 1
_LARGEST_MANIFEST = 1 << 30


class BadArchiveError(Exception):
    """The file is no backup of ours, or not whole; the text says what is wrong."""


class ArchiveWriter:
    """Adds parts in the order of the calls; `finish` once at the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - until `finish`
        self._parts: dict[str, dict[str, object]] = {}

    def add(self, path: Path, name: str) -> bool:
        """Add a file as it is now; False where it is gone. One that grows meanwhile is cut where it ended before."""
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return False
        with source:
            entry = self._tar.gettarinfo(fileobj=source, arcname=name)
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            self._add(entry, source)
        return True

    def finish(self, facts: Mapping[str, object]) -> None:
        content = json.dumps({"format": FORMAT, **facts, "parts": self._parts}, indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mode = len(content), 0o600
        self._tar.addfile(entry, io.BytesIO(content))
        self._tar.close()

    def _add(self, entry: tarfile.TarInfo, source: IO[bytes]) -> None:
        hashing = _Hashing(source)
        self._tar.addfile(entry, hashing)  # type: ignore[arg-type]  # it needs `read` and nothing else
        self._parts[entry.name] = {"octets": entry.size, "sha256": hashing.digest.hexdigest()}


def unpack(file: IO[bytes], into: Path) -> dict[str, object]:
    """Write the parts below `into`, which is empty; the manifest, which they fit. Raises BadArchiveError, OSError."""
    found: dict[str, dict[str, object]] = {}
    manifest: dict[str, object] = {}
    try:
        with tarfile.open(fileobj=file, mode="r|") as tar:
            for entry in tar:
                content = tar.extractfile(entry) if entry.isreg() else None
                if content is None:
                    raise BadArchiveError(f"{entry.name!r} is no ordinary file")
                if entry.name == MANIFEST:
                    manifest = json.loads(content.read(_LARGEST_MANIFEST))
                else:
                    found[entry.name] = _unpack(content, _inside(into, entry.name), entry)
    except (tarfile.TarError, ValueError, EOFError) as fault:
        raise BadArchiveError(f"it cannot be read: {fault}") from fault
    if not manifest:
        raise BadArchiveError("its manifest is missing: it was cut off")
    if manifest.get("format") != FORMAT:
        raise BadArchiveError(f"its format is {manifest.get('format')!r}, and this version reads {FORMAT}")
    if found != manifest.get("parts"):
        raise BadArchiveError("its parts are not those of its manifest: it was damaged or changed")
    return manifest


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A new private file that appears under its name when the block has ended well, and on the disk."""
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class _Hashing:
    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


def _unpack(content: IO[bytes], path: Path, entry: tarfile.TarInfo) -> dict[str, object]:
    hashing = _Hashing(content)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("xb") as file:
        path.chmod(0o600)
        while block := hashing.read(1 << 20):
            file.write(block)
    os.utime(path, (entry.mtime, entry.mtime))  # the sweep of left files asks how old they are
    return {"octets": entry.size, "sha256": hashing.digest.hexdigest()}


def _inside(folder: Path, name: str) -> Path:
    """Where the part goes; an archive that points elsewhere is not ours."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadArchiveError(f"{name!r} leads out of the folder")
    return folder / path
