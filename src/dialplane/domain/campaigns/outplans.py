"""How a campaign dials: from which number, how long it rings, how often and after how long it tries again (6.9)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId

DIAL_TIMEOUT_MS = 30_000
TRY_INTERVAL_MS = 600_000
LONGEST_INTERVAL_MS = 7 * 24 * 3_600_000
MAX_TRIES = 100
TRIES = (1, 1, 1, 1, 1)
"""Of each destination, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Outplan:
    id: UUID
    account_id: AccountId
    name: str
    created_at: datetime
    detail: str = ""
    source: Address | None = None
    """None: the number of the outbound config."""
    dial_timeout_ms: int = DIAL_TIMEOUT_MS
    try_interval_ms: int = TRY_INTERVAL_MS
    max_try_counts: tuple[int, ...] = TRIES
    """For each destination of a target; 0: it is not dialled."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
