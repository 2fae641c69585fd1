"""Cases of contacts, opened by flows (VoIPBIN's `case_create`) or by the API."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialplane.domain.ids import AccountId, RunId


@dataclass(frozen=True, slots=True)
class ContactCase:
    id: UUID
    account_id: AccountId
    name: str
    detail: str
    note: str
    created_at: datetime
    reference_type: str = ""
    """What the run belonged to that opened it: call, conversation, api."""
    reference_id: UUID | None = None
    run_id: RunId | None = None
    contact_id: UUID | None = None
    """Whose it is, where somebody said so."""
    status: str = "open"
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
