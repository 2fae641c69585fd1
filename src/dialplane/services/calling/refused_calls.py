"""Calls that were refused before any account was known, for the operator to look at."""

from collections.abc import Sequence
from datetime import datetime

from dialplane.services.calling.calls import RefusedCall
from dialplane.services.transaction import Database


async def list_refused_calls(database: Database, *, before: datetime | None, limit: int) -> Sequence[RefusedCall]:
    """Newest first; those refused before `before`."""
    async with database.browsing() as tx:
        return await tx.calls.list_refused(before=before, limit=limit)
