"""What an account may look for among its calls, and the words by which the XML dialects say where a call stands."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.ids import AccountId, CallId

MAX_OFFSET = 100_000
"""Rows that a page may skip; who wants more narrows the times."""


class CallProgress(StrEnum):
    """Restcomm's and Twilio's `Status` (Restcomm reference 4.4)."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"


class CallOrdering(StrEnum):
    CREATED = "created"
    SOURCE = "source"
    DESTINATION = "destination"
    DIRECTION = "direction"
    PROGRESS = "progress"
    DURATION = "duration"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on and before `until`; None is open."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallQuery:
    """Every given part must hold. The rows come in `ordering`, those that are equal by id."""

    account_ids: tuple[AccountId, ...] = ()
    """Whose calls; filled in by the use case."""
    source: str = ""
    """Caller, as its address has it or as it came in."""
    destination: str = ""
    progress: tuple[CallProgress, ...] = ()
    created: Period = field(default=Period())
    """When it began."""
    ended: Period = field(default=Period())
    master_call_id: CallId | None = None
    conference_id: UUID | None = None
    """Those that are in that conference, or were in it last."""
    ordering: CallOrdering = CallOrdering.CREATED
    descending: bool = True
    after: CallId | None = None
    """Only what follows this call in the order of creation."""
    offset: int = 0
    limit: int = 50
