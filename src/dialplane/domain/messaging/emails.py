"""E-mails that flows and clients send (VoIPBIN reference 6.11)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId, RunId


class EmailStatus(StrEnum):
    """VoIPBIN's words; a mail server tells us only the first few."""

    INITIATED = "initiated"
    PROCESSED = "processed"
    DELIVERED = "delivered"
    OPEN = "open"
    CLICK = "click"
    BOUNCE = "bounce"
    DROPPED = "dropped"
    DEFERRED = "deferred"
    UNSUBSCRIBE = "unsubscribe"
    SPAMREPORT = "spamreport"


@dataclass(frozen=True, slots=True)
class Email:
    id: UUID
    account_id: AccountId
    destinations: tuple[Address, ...]
    subject: str
    content: str
    status: EmailStatus
    created_at: datetime
    sender: str = ""
    """Empty: the installation's own."""
    attachments: tuple[UUID, ...] = ()
    """Recordings."""
    run_id: RunId | None = None
    note: str = ""
    """Why it stands where it does, in words."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
