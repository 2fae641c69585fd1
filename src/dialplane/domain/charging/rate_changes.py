"""A change of a rate deck that waits for its day."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class RateChangeState(StrEnum):
    SCHEDULED = "scheduled"
    APPLIED = "applied"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class RateChange:
    """`csv` is the file, which was read without a fault when it came; `replaces`: lines that it has not are removed."""

    id: UUID
    deck: str
    effective_at: datetime
    """By the billing clock."""
    state: RateChangeState
    replaces: bool
    csv: str = field(repr=False)
    created_at: datetime
    ended_at: datetime | None = None

    def ended(self, state: RateChangeState, now: datetime) -> "RateChange":
        """The file is not kept any longer."""
        return replace(self, state=state, csv="", ended_at=now)
