"""Imports of stock: a file of numbers that was read, shown, applied in steps, and may be taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from dialplane.domain.errors import Conflict
from dialplane.domain.ids import AccountId, ItemId
from dialplane.domain.supply.inventory import NewItem

ImportId = NewType("ImportId", UUID)

MOST_NUMBERS = 100_000
"""Of one import, ranges counted number by number."""

NONE = "-"
"""A list with nothing in it, in a cell: leaving it out may mean the usual."""

PREVIEW_KEPT = timedelta(days=1)
"""An import that nobody applied is forgotten after this."""

UNDO_KEPT = timedelta(days=30)
"""So long an import can be taken back; then its lines are forgotten, and only what it did in all is known."""


class ImportState(StrEnum):
    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"

    @property
    def is_at_work(self) -> bool:
        return self in (ImportState.APPLYING, ImportState.UNDOING)


class Outcome(StrEnum):
    """What became of one number of an import."""

    NEW = "new"
    """It would be, or is still to be, put into stock."""
    KNOWN = "known"
    """It is in stock or held already, and stays as it is."""
    PROBLEM = "problem"
    ADDED = "added"
    WITHDRAWN = "withdrawn"
    """The undo has taken it out again."""
    KEPT = "kept"
    """The undo has left it, because somebody has, had or holds it."""


@dataclass(frozen=True, slots=True)
class StockRow:
    """A number that is put into stock, and for whom: on offer for everybody where no account is named."""

    item: NewItem
    account_id: AccountId | None = None
    name: str = ""
    """Of the number, where it goes to an account."""


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One number of a file. `line` is where it stands; several numbers of a range share theirs."""

    position: int
    """From 1, in the order of the file."""
    line: int
    outcome: Outcome
    number: str
    """As it was written where it could not be read."""
    row: StockRow | None = None
    """None where the line has a problem."""
    field: str = ""
    detail: str = ""
    """What the problem is, or why the undo left the number."""
    item_id: ItemId | None = None
    """What the import made of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file was understood."""

    format: str
    """csv or json."""
    delimiter: str = ""
    has_headings: bool = True
    columns: Mapping[str, str] = field(default_factory=dict)
    """Each field, and the heading or the position of the column that it is read from."""
    ignored: Sequence[str] = ()
    """Headings, or positions, of columns that are not read."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many numbers of an import have each outcome."""

    new: int = 0
    known: int = 0
    problem: int = 0
    added: int = 0
    withdrawn: int = 0
    kept: int = 0

    @property
    def total(self) -> int:
        return self.new + self.known + self.problem + self.added + self.withdrawn + self.kept


@dataclass(frozen=True, slots=True)
class StockImport:
    """One import."""

    id: ImportId
    state: ImportState
    reading: Reading
    created_at: datetime
    updated_at: datetime
    counts: Counts = Counts()
    reached: int = 0
    """The position up to which what is under way has come."""
    skip_problems: bool = False
    idempotency_key: str = ""
    """Of the request that read the file."""
    applied_at: datetime | None = None
    """When the last of it was put into stock."""
    undone_at: datetime | None = None

    def may_start(self) -> bool:
        """Whether applying it is still to be begun; applying again is no fault. Raises Conflict after an undo."""
        if self.state in (ImportState.UNDOING, ImportState.UNDONE):
            raise Conflict("The import was taken back: read the file again to apply it again", reason="STATE_INVALID")
        return self.state is ImportState.PREVIEWED

    def check_undo(self, now: datetime) -> None:
        """Raises Conflict unless everything was applied, not long ago, and nothing taken back."""
        if self.state in (ImportState.UNDOING, ImportState.UNDONE):
            raise Conflict("The import was taken back already: an undo cannot be undone", reason="STATE_INVALID")
        if self.applied_at is None:
            raise Conflict(
                f"The import is {self.state}: only one that was applied can be undone", reason="STATE_INVALID"
            )
        if now >= self.applied_at + UNDO_KEPT:
            raise Conflict(f"The import was applied over {UNDO_KEPT.days} days ago", reason="STATE_INVALID")
