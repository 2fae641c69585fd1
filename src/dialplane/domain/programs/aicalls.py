"""Talks with assistants, and what was said in them (VoIPBIN reference 6.10)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from dialplane.domain.ids import AccountId, RunId


class AicallStatus(StrEnum):
    INITIATING = "initiating"
    PROGRESSING = "progressing"
    PAUSING = "pausing"
    """The assistant listens and says nothing."""
    RESUMING = "resuming"
    """It answers again from the next turn on."""
    TERMINATING = "terminating"
    """Of a talk on a call: it ends with the turn."""
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Aicall:
    """One talk: with the caller of a call, or with whoever writes."""

    id: UUID
    account_id: AccountId
    run_id: RunId | None
    """None: the API began it, and no run has taken it up."""
    created_at: datetime
    assistance_type: str = ""
    assistance_id: UUID | None = None
    """None: the installation's own assistant."""
    engine_model: str = ""
    reference_type: str = ""
    reference_id: UUID | None = None
    language: str = ""
    member_id: UUID | None = None
    """Who of a team answers; None: whoever begins."""
    status: AicallStatus = AicallStatus.PROGRESSING
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def is_written(self) -> bool:
        """Whether it is held by messages of the API alone, on no call and in no run."""
        return self.run_id is None and not self.reference_type

    def moved(self, status: AicallStatus, now: datetime) -> "Aicall":
        return replace(self, status=status, updated_at=now)

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
