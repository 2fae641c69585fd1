"""What an account may look for among its messages (Restcomm reference 4.7)."""

from dataclasses import dataclass, field
from enum import StrEnum

from dialplane.domain.calling.call_queries import Period
from dialplane.domain.ids import AccountId, MessageId
from dialplane.domain.messaging.messages import TargetStatus


class MessageOrdering(StrEnum):
    CREATED = "created"
    SOURCE = "source"
    DESTINATION = "destination"
    DIRECTION = "direction"
    STATUS = "status"
    TEXT = "text"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """Every given part must hold. The rows come in `ordering`, those that are equal by id."""

    account_id: AccountId
    source: str = ""
    destination: str = ""
    """One of the receivers."""
    statuses: tuple[TargetStatus, ...] = ()
    """Of the first receiver, which is the one that the XML dialects show."""
    text: str = ""
    """A part of the body, in whatever case."""
    sent: Period = field(default=Period())
    """When the carrier took it or, of what it did not take, when it was written."""
    ordering: MessageOrdering = MessageOrdering.CREATED
    descending: bool = True
    after: MessageId | None = None
    """Only what follows this message in the order of creation."""
    offset: int = 0
    limit: int = 50
