"""The audit log: a deed is written before it begins and ended by what came of it, so that none is missing.

Both writes are transactions of their own, around the deed's: a deed that was rolled back is in the log, too.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from dialplane.domain.ids import first_id
from dialplane.domain.operating.audit import Deed, DeedFilter, Outcome
from dialplane.services.transaction import Database


class AuditStore(Protocol):
    """Port. Entries are never removed."""

    async def add(self, deed: Deed) -> None: ...

    async def end(self, deed_id: UUID, outcome: Outcome, said: str) -> None: ...

    async def list(
        self, wanted: DeedFilter, *, since: UUID | None, until: UUID | None, before: UUID | None, limit: int
    ) -> Sequence[Deed]:
        """Newest first; those whose id comes before `before`. `since` and `until` bound the ids by time."""
        ...


async def begin_deed(database: Database, deed: Deed) -> None:
    async with database.transaction() as tx:
        await tx.audit.add(deed)


async def end_deed(database: Database, deed: Deed, outcome: Outcome, said: str = "") -> None:
    async with database.transaction() as tx:
        await tx.audit.end(deed.id, outcome, said[:500])


async def list_deeds(
    database: Database, wanted: DeedFilter, *, before: UUID | None = None, limit: int = 100
) -> Sequence[Deed]:
    """Newest first."""
    since = None if wanted.since is None else first_id(wanted.since)
    until = None if wanted.until is None else first_id(wanted.until)
    async with database.browsing() as tx:
        return await tx.audit.list(wanted, since=since, until=until, before=before, limit=limit)
