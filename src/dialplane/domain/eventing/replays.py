"""Replays: many deliveries sent once more, as a job whose progress can be looked at (WH-7)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.eventing.webhooks import DeliveryStatus
from dialplane.domain.ids import AccountId, EndpointId

ReplayId = NewType("ReplayId", UUID)

MOST_REPLAYED = 100_000
"""Deliveries of one job; what fits more is asked for in parts."""
MAX_TYPE = 100


class ReplayState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ReplayFilter:
    """Which deliveries; None and "" stand for all. `event_type` may end in `*`: `message_*`."""

    endpoint_id: EndpointId | None = None
    status: DeliveryStatus | None = None
    event_type: str = ""
    created_from: datetime | None = None
    created_until: datetime | None = None
    """Before this moment; never later than the job's own beginning, so that it does not replay what it replays."""

    def check(self) -> None:
        """Raises Invalid."""
        if len(self.event_type) > MAX_TYPE or "*" in self.event_type[:-1] or "\0" in self.event_type:
            raise Invalid("event_type is a type such as call_hangup, or a beginning such as call_*", field="event_type")
        if self.created_from and self.created_until and self.created_from >= self.created_until:
            raise Invalid("tm_from must be before tm_until", field="tm_from")


@dataclass(frozen=True, slots=True)
class Replay:
    id: ReplayId
    account_id: AccountId
    wanted: ReplayFilter
    state: ReplayState
    total: int
    """Deliveries that fitted when it began."""
    created_at: datetime
    replayed: int = 0
    skipped: int = 0
    """Those whose endpoint is deleted or disabled."""
    finished_at: datetime | None = None
