"""Messages, their targets, and the conversations they belong to (VoIPBIN reference sections 5.1 and 5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, AgentId, ConversationId, MessageId, NumberId, RunId, to_sid
from dialplane.domain.programs.sources import TWILIO_VERSION, StatusCallback

MAX_TEXT = 1600
"""Characters: some ten segments, which is what carriers join."""
MAX_INBOUND_TEXT = 10_000
"""Characters of a message that comes in: whatever a carrier brings is kept."""
MAX_DESTINATIONS = 100
MAX_MEDIA = 10

LONGEST_SCHEDULE = timedelta(days=35)
"""Twilio's."""

LOOP_WINDOW = timedelta(minutes=1)
LOOP_LIMIT = 5
"""SMS-7: so many messages go from a run to the same pair in the window; what follows is taken for a loop."""


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


Origin = Literal["", "call", "reply"]
"""Who sent an outbound message: the API, the program of a call, or that of a message that it answers."""


class TargetStatus(StrEnum):
    RECEIVED = "received"
    SCHEDULED = "scheduled"
    """Goes out at its time, until then it may be cancelled."""
    HELD = "held"
    """Stopped by a guard against abuse until somebody lets it go."""
    QUEUED = "queued"
    GW_TIMEOUT = "gw_timeout"
    SENT = "sent"
    DLR_TIMEOUT = "dlr_timeout"
    FAILED = "failed"
    """The carrier never took it, or says that it is beyond hope."""
    UNDELIVERED = "undelivered"
    """The carrier took it and could not deliver it."""
    CANCELED = "canceled"
    DELIVERED = "delivered"

    @property
    def is_final(self) -> bool:
        """Receipts come late, twice and out of order; nothing follows a final status."""
        return self in _FINAL

    @property
    def is_waiting(self) -> bool:
        """Whether no carrier has it yet."""
        return self in (TargetStatus.SCHEDULED, TargetStatus.HELD, TargetStatus.QUEUED)

    def may_become(self, other: "TargetStatus") -> bool:
        """Whether a receipt moves it on: receipts never move a message back."""
        return not self.is_final and (other.is_final or (self.is_waiting and other is TargetStatus.SENT))


_FINAL = frozenset(
    {
        TargetStatus.RECEIVED,
        TargetStatus.FAILED,
        TargetStatus.UNDELIVERED,
        TargetStatus.CANCELED,
        TargetStatus.DELIVERED,
        TargetStatus.DLR_TIMEOUT,
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """One receiver. `parts` is the number of segments."""

    destination: Address
    status: TargetStatus
    parts: int
    updated_at: datetime
    reason: str = ""
    """Why it failed, in words."""
    error_code: int = 0
    """The same as a number of Twilio's catalogue (30003 and so on); 0: it did not fail, or nobody said."""
    sent_at: datetime | None = None
    """When the carrier took it."""


@dataclass(frozen=True, slots=True)
class MessageExtras:
    """What few messages have."""

    headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers of the SIP MESSAGE that brought it or that takes it out."""
    status: StatusCallback | None = None
    """Who is told what becomes of it."""
    origin: Origin = ""
    send_at: datetime | None = None
    """When a scheduled message goes out."""
    expires_at: datetime | None = None
    """A message that no carrier has taken by then fails."""
    pool_id: UUID | None = None
    """The sender pool that it was sent from, where one was named."""
    max_price_micros: int | None = None
    """What it may cost a receiver at most."""
    past_consent: bool = False
    """The answer to a word of consent, which goes out all the same."""
    owes_receipts: bool = False
    """It came by SMPP, where its sender may have asked to be told what becomes of it."""
    is_wide: bool = False
    """It goes in UCS-2 even where GSM 03.38 would do, and costs what that takes."""


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

    def with_target(self, position: int, target: Target, now: datetime) -> "Message":
        """After a change of one of its targets."""
        targets = (*self.targets[:position], target, *self.targets[position + 1 :])
        return replace(self, targets=targets, updated_at=now)

    @property
    def is_waiting(self) -> bool:
        """Whether something of it has not gone to a carrier yet."""
        return any(target.status.is_waiting for target in self.targets)


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
    owner_id: AgentId | None = None
    """The agent who has taken it over: its messages start no flow."""
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


def message_sid(message_id: UUID, medias: Sequence[str], api_version: str) -> str:
    """As the XML dialects name a message: `SM…`, and in Twilio's `MM…` with media."""
    return to_sid("MM" if medias and api_version == TWILIO_VERSION else "SM", message_id)


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


def inbound_text(text: str) -> str:
    """The text of a message that came in, without NUL. It may be empty: phones send such messages.

    Raises Invalid where it is too long.
    """
    clean = text.replace("\0", "")
    if len(clean) > MAX_INBOUND_TEXT:
        raise Invalid(f"text has more than {MAX_INBOUND_TEXT} characters", field="text")
    return clean


def is_loop(sent_lately: int) -> bool:
    """Whether a run may not send to a pair to which runs have sent `sent_lately` messages in the window."""
    return sent_lately >= LOOP_LIMIT
