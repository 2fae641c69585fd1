"""Transcriptions: what is said in a call or a conference, or was said in a recording, as text."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.charging.ledger import Charge, ReferenceType
from dialplane.domain.charging.rating import Rate
from dialplane.domain.ids import AccountId, CallId, FlowId, RunId, TranscriptId, TranscriptionId
from dialplane.domain.programs.recognition import Hearing
from dialplane.domain.programs.sources import StatusCallback


class TranscribedThing(StrEnum):
    CALL = "call"
    RECORDING = "recording"
    CONFBRIDGE = "confbridge"
    """A conference, of which all that is said is one side."""


class TranscriptionStatus(StrEnum):
    PROGRESSING = "progressing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Transcription:
    """One transcription. Of a call or conference it goes on until it is stopped or that ends; of a recording, to its
    end."""

    id: TranscriptionId
    account_id: AccountId
    reference_type: TranscribedThing
    reference_id: UUID
    """The call's, the conference's or the recording's id."""
    created_at: datetime
    call_id: CallId | None = None
    run_id: RunId | None = None
    language: str = "en-US"
    direction: Hearing = "both"
    provider: str = ""
    status: TranscriptionStatus = TranscriptionStatus.PROGRESSING
    error: str = ""
    """Why nothing was transcribed."""
    message: str = ""
    """All that was said, in the order in which it was begun; known when it is done."""
    duration_ms: int = 0
    on_end_flow_id: FlowId | None = None
    status_callback: StatusCallback | None = None
    node: str = ""
    leased_until: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def key(self) -> str:
        """The business key of its hold and of its charge (LED-5)."""
        return f"transcription:{self.id}"

    @property
    def sides(self) -> tuple[Hearing, ...]:
        """Whose words are told apart: in a conference nobody's."""
        if self.reference_type is TranscribedThing.CONFBRIDGE:
            return ("in",)
        return ("in", "out") if self.direction == "both" else (self.direction,)

    @property
    def is_over(self) -> bool:
        return self.status is TranscriptionStatus.DONE

    def seconds(self, now: datetime) -> float:
        """How much was listened to. One of a call that somebody else ended listened until now."""
        if self.reference_type is TranscribedThing.CALL and not self.duration_ms:
            return (now - self.created_at).total_seconds()
        return self.duration_ms / 1000

    def charge(self, rate: Rate, now: datetime) -> Charge:
        """What it costs, once it is over: by the slice begun; nothing where nothing was heard."""
        return Charge(
            key=self.key,
            rate=rate,
            units=rate.units_in(self.seconds(now)),
            reference_type=ReferenceType.TRANSCRIBE,
            reference_id=self.id,
            started_at=self.created_at,
            ended_at=now,
            seconds=round(self.seconds(now)),
        )

    @property
    def outcome(self) -> str:
        """In the words of Restcomm and Twilio."""
        if not self.is_over:
            return "in-progress"
        return "failed" if self.error else "completed"


@dataclass(frozen=True, slots=True)
class Transcript:
    """One utterance."""

    id: TranscriptId
    account_id: AccountId
    transcription_id: TranscriptionId
    direction: Hearing
    """Who spoke: the party (`in`), or what it was sent (`out`); `both` in a recording that mixes them."""
    message: str
    began_ms: int
    ended_ms: int
    created_at: datetime
    confidence: float = 0.0
