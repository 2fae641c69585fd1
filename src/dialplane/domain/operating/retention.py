"""How long what grows with every call and message is kept. The ledger is not among it: money is kept for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    CALLS = "calls"
    EVENTS = "events"
    RUNS = "runs"
    MESSAGES = "messages"
    """With their targets."""
    DELIVERIES = "deliveries"
    """Of webhooks, with their attempts."""


IN_PARTS = (Kind.CALLS, Kind.EVENTS)
"""Dropped by the month; the others row by row, because their keys must be unique over all time (messages), or because
what is not yet done of them lies among what is (runs, deliveries)."""
LEAST = timedelta(days=40)
"""Beyond all that looks back: scheduled messages, three days of deliveries, the spending of a month."""
AHEAD = timedelta(days=45)
"""Parts are made so long before they are needed: a worker may be away for a month."""

Kept = Mapping[Kind, timedelta]
"""A kind that is not in it is kept for ever."""


@dataclass(frozen=True, slots=True)
class Part:
    """A month of a table in parts. `since`: None where it is the first one."""

    kind: Kind
    name: str
    since: datetime | None
    until: datetime
