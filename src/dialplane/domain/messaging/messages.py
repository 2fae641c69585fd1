"""Messages, their targets, and the conversations they belong to (VoIPBIN reference sections 5.1 and 5.3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dialplane.domain.addresses import Address
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, ConversationId, MessageId, NumberId, RunId
from dialplane.domain.programs.sources import StatusCallback

MAX_TEXT = 1600
"""Characters: some ten segments, which is what carriers join."""
MAX_DESTINATIONS = 100
MAX_MEDIA = 10

LOOP_WINDOW = timedelta(minutes=1)
LOOP_LIMIT = 5
"""SMS-7: so many messages go from a run to the same pair in the window; what follows is taken for a loop."""


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class TargetStatus(StrEnum):
    RECEIVED = "received"
    QUEUED = "queued"
    GW_TIMEOUT = "gw_timeout"
    SENT = "sent"
    DLR_TIMEOUT = "dlr_timeout"
    FAILED = "failed"
    DELIVERED = "delivered"

    @property
    def is_final(self) -> bool:
        """Receipts come late, twice and out of order; nothing follows a final status."""
        return self in (TargetStatus.RECEIVED, TargetStatus.FAILED, TargetStatus.DELIVERED, TargetStatus.DLR_TIMEOUT)


@dataclass(frozen=True, slots=True)
class Target:
    """One receiver. `parts` is the number of segments."""

    destination: Address
    status: TargetStatus
    parts: int
    updated_at: datetime
    reason: str = ""
    """Why it failed, in words."""


@dataclass(frozen=True, slots=True)
class MessageExtras:
    """What few messages have."""

    headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers of the SIP MESSAGE that brought it or that takes it out."""
    status: StatusCallback | None = None
    """Who is told what becomes of it."""


@dataclass(frozen=True, slots=True)
class Message:
    id: MessageId
    account_id: AccountId
    direction: Direction
    source: Address
    targets: tuple[Target, ...]
    text: str
    created_at: datetime
    medias: tuple[str, ...] = ()
    number_id: NumberId | None = None
    run_id: RunId | None = None
    """The run that sent it."""
    key: str | None = None
    """What makes it one message: the carrier's own id of an inbound one, the run and step of one that a run sends."""
    raw_source: str = ""
    raw_destination: str = ""
    extras: MessageExtras | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """All messages between one number of the account (`own`) and one other party (`peer`)."""

    id: ConversationId
    account_id: AccountId
    own: Address
    peer: Address
    created_at: datetime
    name: str = ""
    detail: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


class ConversationDirection(StrEnum):
    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True)
class ConversationMessage:
    """A message as a conversation shows it. `status` follows the target of this peer."""

    conversation: Conversation
    message: Message
    status: TargetStatus

    @property
    def direction(self) -> ConversationDirection:
        incoming = self.message.direction is Direction.INBOUND
        return ConversationDirection.INCOMING if incoming else ConversationDirection.OUTGOING

    @property
    def created_at(self) -> datetime:
        return self.message.created_at


def check_text(text: str, medias: tuple[str, ...] = ()) -> str:
    """The text without NUL, which no store keeps.

    Raises Invalid where it is too long, or empty without media.
    """
    clean = text.replace("\0", "")
    if not clean and not medias:
        raise Invalid("text must not be empty", field="text")
    if len(clean) > MAX_TEXT:
        raise Invalid(f"text has more than {MAX_TEXT} characters", field="text")
    return clean


def is_loop(sent_lately: int) -> bool:
    """Whether a run may not send to a pair to which runs have sent `sent_lately` messages in the window."""
    return sent_lately >= LOOP_LIMIT
