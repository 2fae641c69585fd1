"""An account's billings and credit history as CSV, written while they are read: any number of entries takes the room of
one batch. What is posted meanwhile is newer than the first line and left out.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from dialplane.domain.charging.entry_filters import EntryFilter
from dialplane.domain.charging.ledger import Entry
from dialplane.domain.csv_cells import csv_lines
from dialplane.domain.ids import AccountId, EntryId
from dialplane.services.shapes.billing import (
    BILLING_FIELDS,
    CREDIT_MOVEMENT_FIELDS,
    show_billing,
    show_credit_movement,
)
from dialplane.services.transaction import Database

BATCH = 1000

Shape = Callable[[Entry], dict[str, object]]


def write_billings(database: Database, account_id: AccountId, wanted: EntryFilter) -> AsyncIterator[str]:
    """Newest first; the columns are the fields of `show_billing`."""
    return _write(database, account_id, wanted, show_billing, BILLING_FIELDS)


def write_credit_history(database: Database, account_id: AccountId, wanted: EntryFilter) -> AsyncIterator[str]:
    """Newest first; the columns are the fields of `show_credit_movement`."""
    return _write(database, account_id, wanted.only_credit(), show_credit_movement, CREDIT_MOVEMENT_FIELDS)


async def _write(
    database: Database, account_id: AccountId, wanted: EntryFilter, show: Shape, fields: Sequence[str]
) -> AsyncIterator[str]:
    yield csv_lines([fields])
    async for entries in read_entries(database, account_id, wanted):
        yield csv_lines([shown[field] for field in fields] for shown in map(show, entries))


async def read_entries(
    database: Database, account_id: AccountId, wanted: EntryFilter
) -> AsyncIterator[Sequence[Entry]]:
    """Newest first, in batches."""
    after: tuple[datetime, EntryId] | None = None
    while True:
        async with database.reading() as tx:
            entries = await tx.ledger.list_entries(account_id, before=None, limit=BATCH, wanted=wanted, after=after)
        if entries:
            yield entries
        if len(entries) < BATCH:
            return
        after = entries[-1].created_at, entries[-1].id
