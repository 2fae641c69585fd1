"""Speech that a client streams into a call or a conference, sentence by sentence (VoIPBIN reference 6.8)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from dialplane.domain.ids import AccountId
from dialplane.domain.programs.recognition import Hearing

LONGEST_TEXT = 5_000
"""Characters of one `say`."""

SpokenTo = Literal["call", "confbridge"]


class SpeakingStatus(StrEnum):
    INITIATING = "initiating"
    ACTIVE = "active"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Speaking:
    id: UUID
    account_id: AccountId
    reference_type: SpokenTo
    reference_id: UUID
    """The call's or the conference's id."""
    node: str
    created_at: datetime
    language: str = "en-US"
    provider: str = ""
    voice_id: str = ""
    direction: Hearing = "out"
    """Who hears it: the party of the call (`out`), whoever it talks with (`in`), or both."""
    status: SpeakingStatus = SpeakingStatus.INITIATING
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
