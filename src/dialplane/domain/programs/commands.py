"""What a program asks of the runtime that carries it, and what it gets back.

Both languages (JSON flows, XML documents) answer with the next `Command` and are resumed with its `Result`. The voice
runtime, the message runtime and the simulator carry the commands out; a program cannot tell which of the three it
talks to. Commands marked *call* need a live call; a program never sends them on another medium.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal
from uuid import UUID

from dialplane.domain.addresses import Address


class Medium(StrEnum):
    """What the program runs on."""

    CALL = "call"
    MESSAGE = "message"
    NONE = "none"


Anonymous = Literal["", "yes", "no", "auto"]
"""Whether the caller's number is withheld; `auto` behaves as `no`."""

Gender = Literal["", "male", "female", "neutral"]


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


@dataclass(frozen=True, slots=True)
class Play:
    """*call* Play the files behind the URLs in order. → `Done`, or `Failed` with the first file's fault."""

    urls: tuple[str, ...]
    stop_on_digit: bool = False
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Beep:
    """*call* One beep. → `Done`"""


@dataclass(frozen=True, slots=True)
class Gather:
    """*call* Collect digits; those pressed earlier and not yet gathered count first. → `Digits`

    Ends at `max_digits` (0 = no limit), at any of `end_keys` (which is kept in the digits), or `timeout_ms` after the
    start (`between_ms` None) or after the last digit (`between_ms` given).
    """

    timeout_ms: int
    max_digits: int = 0
    end_keys: str = ""
    between_ms: int | None = None


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
class Dial:
    """*call* Ring the destinations together, join the first that answers, wait for the end. → `Dialled`"""

    source: Address | None
    destinations: tuple[Address, ...]
    early_media: bool = False
    relay_reason: bool = False
    anonymous: Anonymous = ""
    timeout_s: int = 60


@dataclass(frozen=True, slots=True)
class StartCalls:
    """Start new calls and go on at once. → `CallsStarted`, or `Failed` where none could be started"""

    source: Address | None
    destinations: tuple[Address, ...]
    flow_id: UUID | None = None
    actions: tuple[dict[str, object], ...] = ()
    chained: bool = False
    early_execution: bool = False
    anonymous: Anonymous = ""


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


@dataclass(frozen=True, slots=True)
class StopRecording:
    """*call* → `Done`"""


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Send a message. `source` None means the number that this run belongs to. → `Done`, or `Failed`"""

    source: Address | None
    destinations: tuple[Address, ...]
    text: str


@dataclass(frozen=True, slots=True)
class FetchDocument:
    """Ask the tenant's server, within the budget of WH-5 (15 s, 64 KiB). → `Fetched`, or `Failed`"""

    url: str
    method: str = "POST"
    body: str = ""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class SendWebhook:
    """Send `body` to `url`. With `wait` False it goes through the guarded client in the background. → `Fetched` where
    `wait`, else `Done`; `Failed` where the URL is refused or nothing answered."""

    url: str
    method: str = "POST"
    body: str = ""
    content_type: str = "application/json"
    wait: bool = False


@dataclass(frozen=True, slots=True)
class LoadFlow:
    """The actions of another flow of the same account. → `FlowLoaded`, or `Failed`"""

    flow_id: UUID


@dataclass(frozen=True, slots=True)
class Hangup:
    """*call* End the call. Before the answer `reason` decides the SIP answer. The program gets no result."""

    reason: str = "normal"
    reason_of_call: UUID | None = None
    """Take the hang-up reason of that call instead."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The program is over: a call is hung up with `normal`. The program gets no result.

    `error` is "" or why the run had to end (`limit: 100 actions`), for the run's record and the log.
    """

    error: str = ""
    on_complete_flow_id: UUID | None = None


Command = (
    Answer | Say | Play | Beep | Gather | SendDigits | Sleep | Echo | Dial | StartCalls | StartRecording | StopRecording
    | SendMessage | FetchDocument | SendWebhook | LoadFlow | Hangup | Finish
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
class Digits:
    """What was gathered, end key included."""

    digits: str
    ended_by: Literal["length", "key", "timeout"]


@dataclass(frozen=True, slots=True)
class Dialled:
    """How a `Dial` ended. `status` is `answered` (and the talk is over), or why nobody was joined."""

    status: Literal["answered", "busy", "noanswer", "failed", "cancel"]
    call_id: UUID | None = None
    duration_s: int = 0
    sip_code: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CallsStarted:
    call_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    recording_id: UUID


@dataclass(frozen=True, slots=True)
class Fetched:
    """`status` is the HTTP status, `body` at most 64 KiB of text."""

    status: int
    body: str
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class FlowLoaded:
    actions: tuple[dict[str, object], ...]
    on_complete_flow_id: UUID | None = None


Result = Done | Failed | Digits | Dialled | CallsStarted | RecordingStarted | Fetched | FlowLoaded


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Where a run is, as its activeflow shows it. Compared by the runtime to know whether to tell anybody."""

    current_action: dict[str, object] | None
    forward_action_id: UUID | None
    executed_actions: tuple[dict[str, object], ...]
    ended: bool = False
    error: str = ""
    variables: dict[str, str] = field(default_factory=dict)
