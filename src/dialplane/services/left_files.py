"""Files that no row names: of an upload whose process died before its commit, and of a recording that was deleted.

A file is written before the row that names it is committed, so a crash in between leaves a file, never a row without
one. Whatever is as old as a day belongs to no transaction that is still under way.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Protocol
from uuid import UUID

from dialplane.services.transaction import Database, Transaction

OLD = timedelta(days=1)

_AT_ONCE = 1000
"""Files that one query is asked about."""


class KeptFiles(Protocol):
    """Port: files by key, `account/file`."""

    async def folders(self) -> list[str]:
        """The first parts of the keys."""
        ...

    async def written_before(self, folder: str, moment: datetime) -> list[str]:
        """The keys below a folder whose files nobody has written to since `moment`."""
        ...

    async def delete(self, key: str) -> None:
        """Nothing happens where there is none."""
        ...


Named = Callable[[Transaction, Sequence[UUID]], Awaitable[set[str]]]
"""The keys that the living rows of these ids name."""


async def sweep_documents(database: Database, files: KeptFiles, now: datetime) -> int:
    """Remove contents that no document and no stored file names; how many. `now` is the wall clock, by which files are
    dated."""
    return await _sweep(database, files, _named_beside_documents, now)


async def _named_beside_documents(tx: Transaction, ids: Sequence[UUID]) -> set[str]:
    return await tx.documents.find_keys(ids) | await tx.stored_files.find_keys(ids)


async def sweep_recordings(database: Database, files: KeptFiles, now: datetime) -> int:
    """The same for recordings: those that were deleted, and other forms of their sound that were made to be sent."""
    return await _sweep(database, files, lambda tx, ids: tx.recordings.find_paths(ids), now)


async def sweep_media(database: Database, files: KeptFiles, now: datetime) -> int:
    """The same for media of messages: those that were deleted, with their message or alone."""
    return await _sweep(database, files, lambda tx, ids: tx.media.find_keys(ids), now)


async def _sweep(database: Database, files: KeptFiles, named: Named, now: datetime) -> int:
    removed = 0
    for folder in await files.folders():
        old = {key: file_id for key in await files.written_before(folder, now - OLD) if (file_id := _id_of(key))}
        for some in _chunks(list(old)):
            async with database.reading() as tx:
                kept = await named(tx, [old[key] for key in some])
            for key in some:
                if key not in kept:
                    await files.delete(key)
                    removed += 1
    return removed


def _id_of(key: str) -> UUID | None:
    """Of the row that would name the file; None for a file that we did not write, which stays."""
    try:
        return UUID(PurePosixPath(key).name.partition(".")[0])
    except ValueError:
        return None


def _chunks(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))
