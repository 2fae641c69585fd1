"""Which of an account's ledger entries are asked for."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.charging.ledger import ReferenceType, TransactionType
from dialplane.domain.charging.rating import CostType
from dialplane.domain.errors import Invalid


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Empty fields ask for all. Times are of the entry: `since` and later, earlier than `until`."""

    since: datetime | None = None
    until: datetime | None = None
    transaction_types: tuple[TransactionType, ...] = ()
    reference_types: tuple[ReferenceType, ...] = ()
    reference_id: UUID | None = None
    cost_types: tuple[CostType, ...] = ()
    moves_credit: bool = False
    """Only those that changed the credit and were no use of it."""

    def only_credit(self) -> "EntryFilter":
        """The credit history: what was paid in, corrected, given back. Raises Invalid where another type is asked."""
        if not set(self.transaction_types) <= set(CREDIT_HISTORY):
            raise Invalid(
                f"the credit history has {', '.join(CREDIT_HISTORY)}",
                reason="INVALID_REQUEST_PARAMETER",
                field="transaction_type",
            )
        return replace(self, transaction_types=self.transaction_types or CREDIT_HISTORY, moves_credit=True)


CREDIT_HISTORY = (TransactionType.TOP_UP, TransactionType.ADJUSTMENT, TransactionType.REFUND)

EVERY_ENTRY = EntryFilter()
