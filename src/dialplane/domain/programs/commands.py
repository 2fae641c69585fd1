"""What a program asks of the runtime that carries it, and what it gets back.

Both languages (JSON flows, XML documents) answer with the next `Command` and are resumed with its `Result`. The voice
runtime, the message runtime and the simulator carry the commands out; a program cannot tell which of the three it
talks to. Commands marked *call* need a live call; a program never sends them on another medium. Each subject has a
module of its own beside this one: sound, reaching others, dialling, rooms, streams, recognition.
"""

from dataclasses import field
from enum import StrEnum
from uuid import UUID

from dialplane.domain.programs.dialling import (
    Anonymous,
    CallsStarted,
    Dial,
    Dialled,
    DialQueue,
    Party,
    Referred,
    ReferTo,
    StartCalls,
)
from dialplane.domain.programs.media_streams import StartExternalMedia, StartStream, StopExternalMedia, StopStream
from dialplane.domain.programs.reaching import (
    CaseOpened,
    Converse,
    Conversed,
    EmailKept,
    FetchDocument,
    Fetched,
    FlowLoaded,
    LoadFlow,
    MessageQueued,
    OpenCase,
    SendEmail,
    SendMessage,
    SendToConversation,
    SendWebhook,
    WriteNotification,
)
from dialplane.domain.programs.recognition import (
    DetectMachine,
    Heard,
    MachineDetected,
    SpeechWish,
    StartTranscription,
    StopTranscription,
    TranscribeRecording,
    TranscriptionStarted,
)
from dialplane.domain.programs.rooms import ConferenceLeft, JoinConference, JoinQueue, LeaveQueue, QueueLeft
from dialplane.domain.programs.sound import (
    Answer,
    Beep,
    Digits,
    Echo,
    Gather,
    Gender,
    Mute,
    Play,
    Record,
    Recorded,
    RecordingStarted,
    Say,
    SendDigits,
    Sleep,
    StartRecording,
    StopRecording,
)
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.values import dataclass


class Medium(StrEnum):
    """What the program runs on."""

    CALL = "call"
    MESSAGE = "message"
    NONE = "none"


__all__ = [
    "Anonymous", "Answer", "AskCallStatus", "Beep", "Block", "CallOver", "CallStanding", "CallsStarted",
    "CaseOpened", "Command", "ConferenceLeft", "Converse", "Conversed", "DetectMachine", "Dial", "DialQueue",
    "Dialled", "Digits", "Done", "Echo", "EmailKept", "Failed", "FetchDocument", "Fetched", "Finish", "FlowLoaded",
    "Gather", "Gender", "Hangup", "Heard", "JoinConference", "JoinQueue", "LeaveQueue", "LoadFlow",
    "MachineDetected", "Medium", "MessageQueued", "Mute", "OpenCase", "Party", "Play", "QueueLeft", "Record",
    "Recorded", "RecordingStarted", "ReferTo", "Referred", "Result", "RunRecord", "Say", "SendDigits", "SendEmail",
    "SendMessage", "SendToConversation", "SendWebhook", "Sleep", "SpeechWish", "StartCalls", "StartExternalMedia",
    "StartRecording", "StartStream", "StartTranscription", "StatusCallback", "StopExternalMedia", "StopRecording",
    "StopStream", "StopTranscription", "TranscribeRecording", "TranscriptionStarted", "WriteNotification",
]  # fmt: skip


# --- commands ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """Wait until somebody outside lets the run go on. → `Done`"""


@dataclass(frozen=True, slots=True)
class AskCallStatus:
    """*call* → `CallStanding`"""


@dataclass(frozen=True, slots=True)
class Hangup:
    """*call* End the call. Before the answer `reason` decides the SIP answer. The program gets no result."""

    reason: str = "normal"
    reason_of_call: UUID | None = None
    """Take the hang-up reason of that call instead."""
    sip_code: int = 0
    """The exact answer where the call is not answered yet; 0: as the reason says."""
    sip_reason: str = ""
    """Text of a `Reason` header that goes with it."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The program is over: a call is hung up with `normal`. The program gets no result.

    `error` is "" or why the run had to end (`limit: 100 actions`), for the run's record and the log.
    """

    error: str = ""
    on_complete_flow_id: UUID | None = None


Command = (
    Answer | Say | Play | Beep | Gather | SendDigits | Sleep | Echo | Mute | Block
    | Record | StartRecording | StopRecording
    | Dial | DialQueue | StartCalls | ReferTo | JoinConference | JoinQueue | LeaveQueue
    | StartStream | StopStream | StartExternalMedia | StopExternalMedia
    | StartTranscription | StopTranscription | TranscribeRecording | DetectMachine
    | SendMessage | SendToConversation | SendEmail | Converse | OpenCase | FetchDocument | SendWebhook
    | WriteNotification | LoadFlow | AskCallStatus | Hangup | Finish
)  # fmt: skip


# --- results -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """It happened."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not happen; `reason` says why in words, `field` which part of the command is to blame, where one is."""

    reason: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class CallStanding:
    """The call's status, as VoIPBIN names it."""

    status: str


@dataclass(frozen=True, slots=True)
class CallOver:
    """The call ended while a command was being carried out; `result` is what that came to, None where nothing.

    What the program asks for afterwards is carried out as far as it needs no call, until its `Finish`.
    """

    result: "Result | None" = None


Result = (
    Done | Failed | Digits | Heard | Dialled | CallsStarted | Referred | Recorded | RecordingStarted | ConferenceLeft
    | QueueLeft | TranscriptionStarted | MachineDetected | MessageQueued | CaseOpened | EmailKept | Conversed
    | CallStanding | Fetched | FlowLoaded | CallOver
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Where a run is, as its activeflow shows it. Compared by the runtime to know whether to tell anybody."""

    current_action: dict[str, object] | None
    forward_action_id: UUID | None
    executed_actions: tuple[dict[str, object], ...]
    ended: bool = False
    error: str = ""
    variables: dict[str, str] = field(default_factory=dict)
