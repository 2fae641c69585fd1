"""Accounts that a tenant has at other networks of messages (VoIPBIN reference 5.3)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.ids import AccountId, FlowId

MOST_ACCOUNTS = 1000


class Network(StrEnum):
    LINE = "line"
    SMS = "sms"
    WHATSAPP = "whatsapp"


@dataclass(frozen=True, slots=True)
class ConversationAccount:
    """Secrets are written and never shown."""

    id: UUID
    account_id: AccountId
    type: Network
    created_at: datetime
    name: str = ""
    detail: str = ""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    phone_number_id: str = ""
    app_secret: str = field(default="", repr=False)
    message_flow_id: FlowId | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
