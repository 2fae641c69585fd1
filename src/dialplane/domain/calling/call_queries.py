"""What an account may look for among its calls, and the words by which the XML dialects say where a call stands."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.calling.calls import Call, Direction, HangupReason
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


CallPlace = tuple[datetime, CallId]
"""Where a call stands in a log, which is in the order of creation."""


@dataclass(frozen=True, slots=True)
class CallLogQuery:
    """A page of one account's log, newest first. Every given part must hold.

    The log is read by its key: a page looks at `look_at` calls at most, whatever it finds among them, so that a search
    for what is rare takes no longer than one for what is frequent.
    """

    number: str = ""
    """Either party, as its address has it or as it came in."""
    direction: Direction | None = None
    progress: CallProgress | None = None
    reason: HangupReason | None = None
    created: Period = field(default=Period())
    text: str = ""
    """Part of a party, its name, the cause's text or SIP's Call-ID, in whatever case; or the call's whole id."""
    after: CallPlace | None = None
    """Only what follows in the log."""
    limit: int = 50
    look_at: int = 10_000

    @property
    def is_filtered(self) -> bool:
        """Whether calls that are looked at may be left out."""
        return bool(self.number or self.direction or self.progress or self.reason is not None or self.text)


@dataclass(frozen=True, slots=True)
class CallLogPage:
    calls: tuple[Call, ...]
    looked_to: CallPlace | None = None
    """The last call that was looked at, where the log goes on behind it and fewer than `limit` were found."""
