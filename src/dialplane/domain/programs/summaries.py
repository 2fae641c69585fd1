"""Summaries that an assistant made, as their owner finds them (VoIPBIN reference 6.10)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialplane.domain.ids import AccountId, FlowId, RunId

LONGEST_CONTENT = 65_536


@dataclass(frozen=True, slots=True)
class AiSummary:
    """`run_id`: the run that asked for it; None where the API did."""

    id: UUID
    account_id: AccountId
    reference_type: str
    reference_id: UUID | None
    language: str
    content: str
    created_at: datetime
    run_id: RunId | None = None
    on_end_flow_id: FlowId | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AiPrompt:
    """What an assistant was told to be from `created_at` on."""

    id: UUID
    account_id: AccountId
    ai_id: UUID
    prompt: str
    created_at: datetime
