"""What a program asks of the runtime that carries it, and what it gets back.

Both languages (JSON flows, XML documents) answer with the next `Command` and are resumed with its `Result`. The voice
runtime, the message runtime and the simulator carry the commands out; a program cannot tell which of the three it
talks to. Commands marked *call* need a live call; a program never sends them on another medium. What brings parties
in, rooms, streams and recognition have modules of their own beside this one.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal
from uuid import UUID

from dialplane.domain.addresses import Address
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
from dialplane.domain.programs.sources import StatusCallback


class Medium(StrEnum):
    """What the program runs on."""

    CALL = "call"
    MESSAGE = "message"
    NONE = "none"


Gender = Literal["", "male", "female", "neutral"]


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
class Answer:
    """*call* Answer if not yet answered. → `Done`"""


@dataclass(frozen=True, slots=True)
class Say:
    """*call* Speak; answers the call first where it is not answered. → `Done`, or `Failed` (unknown voice)"""

    text: str
    language: str = "en-US"
    gender: Gender = ""
    voice_id: str = ""
    provider: str = ""
    stop_on_digit: bool = False
    """A digit ends the speech; the digit stays in the buffer for the next `Gather`."""
    wait: bool = True
    """False: the program goes on while the speech plays."""
    loop: int = 1
    """How often; 0 is until something ends it."""


@dataclass(frozen=True, slots=True)
class Play:
    """*call* Play the files behind the URLs in order. → `Done`, or `Failed` with the first file's fault."""

    urls: tuple[str, ...]
    stop_on_digit: bool = False
    wait: bool = True
    loop: int = 1
    """How often; 0 is until something ends it."""


@dataclass(frozen=True, slots=True)
class Beep:
    """*call* One beep. → `Done`"""


@dataclass(frozen=True, slots=True)
class Gather:
    """*call* Collect digits; those pressed earlier and not yet gathered count first. → `Digits`, or `Heard` for speech

    Ends at `max_digits` (0 = no limit), at any of `end_keys` (which is kept in the digits), or `timeout_ms` after the
    start (`between_ms` None) or after the last digit (`between_ms` given). `prompts` are played while it listens; the
    first key (or word) stops them, and the time begins when they are over.
    """

    timeout_ms: int
    max_digits: int = 0
    end_keys: str = ""
    between_ms: int | None = None
    prompts: tuple["Say | Play | Sleep", ...] = ()
    start_keys: str = ""
    """Keys that begin the input; empty: any. Others are dropped until then."""
    digits: bool = True
    """False: keys are no input."""
    barge_in: bool = True
    """False: prompts are heard to their end, whatever is entered meanwhile."""
    speech: SpeechWish | None = None


@dataclass(frozen=True, slots=True)
class SendDigits:
    """*call* Send DTMF. → `Done`"""

    digits: str
    duration_ms: int = 100
    interval_ms: int = 100


@dataclass(frozen=True, slots=True)
class Sleep:
    """*call* Silence. → `Done`"""

    duration_ms: int


@dataclass(frozen=True, slots=True)
class Echo:
    """*call* Send back what is heard. → `Done`"""

    duration_ms: int


@dataclass(frozen=True, slots=True)
class Record:
    """*call* Record the party alone until silence, a key, the length or the end of the call. → `Recorded`

    Answers the call.
    """

    longest_s: int = 3600
    silence_s: int = 5
    """0: silence does not end it."""
    end_keys: str = "1234567890*#"
    beep: bool = True
    trim: bool = False
    """Silence at both ends is cut off."""
    status: StatusCallback | None = None


@dataclass(frozen=True, slots=True)
class StartRecording:
    """*call* Record both directions into one file until stopped, ended by silence, key or time. → `RecordingStarted`"""

    format: str = "wav"
    end_of_silence_s: int = 0
    end_of_key: str = ""
    """Keys, any of which ends it; empty: none does."""
    duration_s: int = 0
    beep: bool = False
    on_end_flow_id: UUID | None = None
    channels: Literal[1, 2] = 1
    """2: the party on the left, what it hears on the right."""
    trim: bool = False
    status: StatusCallback | None = None


@dataclass(frozen=True, slots=True)
class StopRecording:
    """*call* → `Done`"""


@dataclass(frozen=True, slots=True)
class Mute:
    """*call* Nothing is heard from the party (`in`), by it (`out`), or both; "" ends it. → `Done`"""

    direction: Literal["", "in", "out", "both"]


@dataclass(frozen=True, slots=True)
class Block:
    """Wait until somebody outside lets the run go on. → `Done`"""


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Send a message. `source` None means the number that this run belongs to. → `MessageQueued`, or `Failed`"""

    source: Address | None
    destinations: tuple[Address, ...]
    text: str
    media_urls: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers of a SIP MESSAGE."""
    status: StatusCallback | None = None


@dataclass(frozen=True, slots=True)
class SendToConversation:
    """A reply in one of the account's conversations, from its number to its peer. → `Done`, or `Failed`"""

    conversation_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class SendEmail:
    """→ `EmailKept`, or `Failed`"""

    destinations: tuple[Address, ...]
    subject: str
    content: str
    recording_ids: tuple[UUID, ...] = ()
    """Attached."""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Converse:
    """Leave the talk to an assistant behind a port. → `Conversed` when it is over, or `Failed`"""

    kind: Literal["talk", "task", "summary"]
    assistance_type: str = ""
    assistance_id: UUID | None = None
    duration_s: int = 0
    language: str = ""
    reference_type: str = ""
    reference_id: UUID | None = None
    text: str = ""
    """What the other party wrote, where it did."""
    turns: tuple[tuple[Literal["user", "assistant"], str], ...] = ()
    """What was said before."""


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Open a case for the contact. → `CaseOpened`, or `Failed`"""

    name: str
    detail: str = ""
    note: str = ""
    wait: bool = True


@dataclass(frozen=True, slots=True)
class FetchDocument:
    """Ask the tenant's server, within `timeout_s` and 64 KiB (WH-5). → `Fetched`, or `Failed`

    `form` goes into the query of a GET, else into the body, form-encoded. `signed` adds Twilio's signature.
    """

    url: str
    method: str = "POST"
    body: str = ""
    content_type: str = "application/json"
    form: tuple[tuple[str, str], ...] = ()
    signed: bool = False
    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class SendWebhook:
    """Send `body` to `url`. With `wait` False it goes through the guarded client in the background. → `Fetched` where
    `wait`, else `Done`; `Failed` where the URL is refused or nothing answered."""

    url: str
    method: str = "POST"
    body: str = ""
    content_type: str = "application/json"
    wait: bool = False
    form: tuple[tuple[str, str], ...] = ()
    """As in `FetchDocument`."""
    signed: bool = False


@dataclass(frozen=True, slots=True)
class WriteNotification:
    """Note a fault of the tenant's application where its owner looks for it (Restcomm reference 4.9). → `Done`"""

    error_code: int
    message: str
    is_error: bool = True
    request_url: str = ""
    request_method: str = ""
    request_variables: str = ""
    response_headers: str = ""
    response_body: str = ""


@dataclass(frozen=True, slots=True)
class LoadFlow:
    """The actions of another flow of the same account. → `FlowLoaded`, or `Failed`"""

    flow_id: UUID


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
    """It did not happen; `reason` says why in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class MessageQueued:
    """The message is kept and goes out; what becomes of it is told by its status callback."""

    message_id: UUID


@dataclass(frozen=True, slots=True)
class Digits:
    """What was gathered, end key included."""

    digits: str
    ended_by: Literal["length", "key", "timeout"]


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    recording_id: UUID


@dataclass(frozen=True, slots=True)
class Recorded:
    """A finished `Record`. `recording_id` is None where nothing was said."""

    recording_id: UUID | None
    duration_ms: int
    ended_by: Literal["silence", "key", "length", "hangup", "stopped"]
    key: str = ""


@dataclass(frozen=True, slots=True)
class CaseOpened:
    case_id: UUID


@dataclass(frozen=True, slots=True)
class EmailKept:
    """The e-mail is on its way, or in the outbox; `warning` says where it will stay there."""

    email_id: UUID
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Conversed:
    """What the assistant said last, or the summary; `warning` where none is configured and ours answered."""

    conversation_id: UUID
    text: str = ""
    model: str = ""
    warning: str = ""
    is_over: bool = False
    """The assistant took its leave."""


@dataclass(frozen=True, slots=True)
class CallStanding:
    """The call's status, as VoIPBIN names it."""

    status: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """`status` is the HTTP status, `body` at most 64 KiB of text."""

    status: int
    body: str
    content_type: str = ""
    url: str = ""
    """Where the answer came from, after redirects."""
    headers: tuple[tuple[str, str], ...] = ()
    """The answer's `X-` headers."""


@dataclass(frozen=True, slots=True)
class FlowLoaded:
    actions: tuple[dict[str, object], ...]
    on_complete_flow_id: UUID | None = None


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
