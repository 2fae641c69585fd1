"""Talks with assistants, and what was said in them (VoIPBIN reference 6.10)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from dialplane.domain.ids import AccountId, RunId


class AicallStatus(StrEnum):
    PROGRESSING = "progressing"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Aicall:
    """One talk: with the caller of a call, or with whoever writes."""

    id: UUID
    account_id: AccountId
    run_id: RunId
    created_at: datetime
    assistance_type: str = ""
    assistance_id: UUID | None = None
    """None: the installation's own assistant."""
    engine_model: str = ""
    reference_type: str = ""
    reference_id: UUID | None = None
    language: str = ""
    status: AicallStatus = AicallStatus.PROGRESSING
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    def ended(self, now: datetime) -> "Aicall":
        return replace(self, status=AicallStatus.TERMINATED, ended_at=now, updated_at=now)


@dataclass(frozen=True, slots=True)
class Aimessage:
    """What one of the two said."""

    id: UUID
    account_id: AccountId
    aicall_id: UUID
    role: Literal["user", "assistant"]
    content: str
    created_at: datetime
    deleted_at: datetime | None = None
