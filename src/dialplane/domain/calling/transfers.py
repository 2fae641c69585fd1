"""Transfers: a party of a talk hands the other one over to somebody else (VoIPBIN reference 4.6)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId, CallId

MAX_TRANSFEREES = 10
"""Rung together by one transfer; the first that answers gets the call."""


class TransferType(StrEnum):
    ATTENDED = "attended"
    """The transferer talks with the transferee first; the caller waits with music until the transferer leaves."""
    BLIND = "blind"
    """The transferer is hung up at once, and the caller hears the transferee ring."""


@dataclass(frozen=True, slots=True)
class Transfer:
    id: UUID
    account_id: AccountId
    type: TransferType
    transferer_call_id: CallId
    transferee_addresses: tuple[Address, ...]
    created_at: datetime
    transferee_call_id: CallId | None = None
    """Who answered."""
    groupcall_id: UUID | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
