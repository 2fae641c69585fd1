"""Forgetting what is old, archived before where the operator wants that, and making room for what comes."""

import gzip
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.ids import NIL, first_id
from dialplane.domain.operating.retention import AHEAD, IN_PARTS, Kept, Kind, Part
from dialplane.services.objects import ObjectStore
from dialplane.services.transaction import Database

BATCH = 2_000
"""Rows that are taken or read at once: a transaction of tens of milliseconds, a file of some hundred kilobytes."""


class RetentionStore(Protocol):
    async def make_parts(self, kind: Kind, until: datetime) -> int:
        """The months until then that are not there; how many were made."""
        ...

    async def ended_parts(self, kind: Kind, before: datetime) -> Sequence[Part]:
        """Oldest first."""
        ...

    async def read_part(self, part: Part, after: UUID, limit: int) -> Sequence[tuple[UUID, str]]:
        """Ids and whole rows as JSON, in the order of the ids."""
        ...

    async def drop_part(self, part: Part) -> None:
        """Raises Unavailable where somebody reads the table for too long: another time will do."""
        ...

    async def take_old(self, kind: Kind, before: UUID, limit: int) -> Sequence[tuple[UUID, str]]:
        """Delete rows of a kind that is not in parts, and give them, but none that something is still to become of."""
        ...


async def make_room(database: Database, now: datetime) -> None:
    """Months to come, for each table in parts. Safe to repeat, and from several workers."""
    for kind in IN_PARTS:
        async with database.transaction() as tx:
            await tx.retention.make_parts(kind, now + AHEAD)


async def forget_old(database: Database, kept: Kept, archive: ObjectStore | None, now: datetime) -> bool:
    """One step of it; whether there may be more. What fails to be archived stays."""
    more = False
    for kind, span in kept.items():
        step = _drop_oldest if kind in IN_PARTS else _take_oldest
        more |= await step(database, kind, archive, now - span)
    return more


async def _drop_oldest(database: Database, kind: Kind, archive: ObjectStore | None, before: datetime) -> bool:
    async with database.reading() as tx:
        ended = await tx.retention.ended_parts(kind, before)
    if not ended:
        return False
    part = ended[0]
    if archive is not None:
        await _archive_part(database, part, archive)
    async with database.transaction() as tx:
        await tx.retention.drop_part(part)
    return len(ended) > 1


async def _archive_part(database: Database, part: Part, archive: ObjectStore) -> None:
    """Begun anew where it was cut off: the same rows give the same files."""
    after = NIL
    while True:
        async with database.reading() as tx:
            rows = await tx.retention.read_part(part, after, BATCH)
        if not rows:
            return
        await archive.put(*_file(part.kind, rows))
        after = rows[-1][0]


async def _take_oldest(database: Database, kind: Kind, archive: ObjectStore | None, before: datetime) -> bool:
    async with database.transaction() as tx:
        rows = await tx.retention.take_old(kind, first_id(before), BATCH)
        if rows and archive is not None:
            await archive.put(*_file(kind, rows))  # before the commit: rather twice than never
    return len(rows) == BATCH


def _file(kind: Kind, rows: Sequence[tuple[UUID, str]]) -> tuple[str, bytes]:
    """Name and content of an archive's file: a row in each line, gzipped. The name sorts by time, as ids do."""
    lines = "".join(f"{row}\n" for _, row in rows)
    return f"{kind}/{rows[0][0]}.jsonl.gz", gzip.compress(lines.encode(), mtime=0)
