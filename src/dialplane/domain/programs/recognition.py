"""Commands that listen to what is said, and what was understood."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from dialplane.domain.programs.sources import DocumentSource, StatusCallback

Hearing = Literal["both", "in", "out"]
"""Whose speech: the party's (`in`), ours to it (`out`), or both."""


@dataclass(frozen=True, slots=True)
class SpeechWish:
    """Speech as input of a `Gather`."""

    language: str = "en-US"
    hints: tuple[str, ...] = ()
    silence_ms: int = 1_000
    """So much silence after speech ends it."""
    longest_ms: int = 60_000
    partial: DocumentSource | None = None
    """Told of each partial result."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A prompt of a `Gather` that the party did not hear, because it could not be had."""

    kind: Literal["Say", "Play"]
    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What a `Gather` understood; `confidence` from 0 to 1."""

    text: str
    confidence: float = 0.0
    missed: tuple[Missed, ...] = ()


@dataclass(frozen=True, slots=True)
class StartTranscription:
    """*call* Transcribe from now on. → `TranscriptionStarted`, or `Failed`"""

    language: str = "en-US"
    direction: Hearing = "both"
    provider: str = ""
    on_end_flow_id: UUID | None = None
    status: StatusCallback | None = None


@dataclass(frozen=True, slots=True)
class TranscriptionStarted:
    transcription_id: UUID


@dataclass(frozen=True, slots=True)
class StopTranscription:
    """*call* End the running ones. → `Done`"""


@dataclass(frozen=True, slots=True)
class TranscribeRecording:
    """Transcribe a recording that has ended, in the background; None: the run's last one. → `TranscriptionStarted`"""

    recording_id: UUID | None = None
    language: str = "en-US"
    provider: str = ""
    direction: Hearing = "both"
    on_end_flow_id: UUID | None = None
    status: StatusCallback | None = None


@dataclass(frozen=True, slots=True)
class DetectMachine:
    """*call* Find out whether a person or a machine has answered. → `MachineDetected`, at once where not `wait`"""

    wait: bool = True
    hang_up_on_machine: bool = False
    until_message_end: bool = False
    """Wait for the end of the machine's greeting."""
    longest_ms: int = 30_000
    greeting_ms: int = 0
    """Who speaks longer is a machine; 0 here and in the next two: as the detector has it."""
    pause_ms: int = 0
    """So much silence ends what is said."""
    silence_ms: int = 0
    """Nobody can tell after so much silence from the answer on."""
    status: StatusCallback | None = None
    """Told of the outcome by itself (Twilio's `AsyncAmdStatusCallback`)."""


@dataclass(frozen=True, slots=True)
class MachineDetected:
    """Twilio's `AnsweredBy`."""

    answered_by: Literal["human", "machine_start", "machine_end_beep", "machine_end_silence", "fax", "unknown"]
    duration_ms: int = 0
