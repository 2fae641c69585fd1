"""How an endpoint fares: one word for it, and the figures behind the word."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dialplane.domain.eventing.webhooks import Endpoint

WINDOW = timedelta(hours=24)
MOST_ATTEMPTS = 2_000
"""The newest ones of the window; more would not change the picture."""


class HealthState(StrEnum):
    UNUSED = "unused"
    """Nothing was ever sent to it."""
    HEALTHY = "healthy"
    FAILING = "failing"
    """The last attempt failed."""
    PAUSED = "paused"
    """So many failed in a row that it is left alone for a moment (WH-6)."""
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """What the store knows. Attempts are those of the window, the newest MOST_ATTEMPTS."""

    attempts: int
    failed: int
    p50_ms: int | None
    """Of the attempts that were answered; None where none was."""
    p99_ms: int | None
    last_success_at: datetime | None
    failing_since: datetime | None
    last_error: str
    waiting: int
    """Deliveries on their way."""
    oldest_waiting_at: datetime | None


def state_of(endpoint: Endpoint, facts: HealthFacts, now: datetime) -> HealthState:
    if not endpoint.enabled:
        return HealthState.DISABLED
    if endpoint.open_until is not None and endpoint.open_until > now:
        return HealthState.PAUSED
    if endpoint.failures_in_a_row:
        return HealthState.FAILING
    return HealthState.HEALTHY if facts.last_success_at or facts.attempts else HealthState.UNUSED
