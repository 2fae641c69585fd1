"""Objects as files below one folder, readable by nobody else."""

import asyncio
import os
from datetime import datetime
from pathlib import Path


class FolderObjects:
    """Fulfils `services.objects.ObjectStore` and `services.left_files.KeptFiles`.

    On several hosts the folder is a shared disk. A file appears whole or not at all: it is written under another name,
    brought to the disk, and renamed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, content: bytes) -> None:
        await asyncio.to_thread(_write, self._path(key), content)

    async def get(self, key: str) -> bytes | None:
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError:
            return None

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    async def folders(self) -> list[str]:
        return await asyncio.to_thread(_folders, self._folder)

    async def written_before(self, folder: str, moment: datetime) -> list[str]:
        return await asyncio.to_thread(_written_before, self._path(folder), moment.timestamp())

    def _path(self, key: str) -> Path:
        """Raises ValueError where a key leads out of the folder, which is a fault of ours."""
        path = (self._folder / key).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise ValueError(f"no key of an object: {key!r}")
        return path


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _folders(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []


def _written_before(folder: Path, timestamp: float) -> list[str]:
    with os.scandir(folder) as found:
        files = [each for each in found if each.is_file(follow_symlinks=False)]
        return sorted(f"{folder.name}/{each.name}" for each in files if each.stat().st_mtime < timestamp)
