"""Commands for the call's own audio: what is said, played, gathered and recorded; and what comes of them."""

from typing import Literal
from uuid import UUID

from dialplane.domain.programs.recognition import Missed, SpeechWish
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.values import dataclass

Gender = Literal["", "male", "female", "neutral"]


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
    track: Literal["both", "inbound", "outbound"] = "both"


@dataclass(frozen=True, slots=True)
class StopRecording:
    """*call* → `Done`"""


@dataclass(frozen=True, slots=True)
class Mute:
    """*call* Nothing is heard from the party (`in`), by it (`out`), or both; "" ends it. → `Done`"""

    direction: Literal["", "in", "out", "both"]


# --- results -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Digits:
    """What was gathered, end key included."""

    digits: str
    ended_by: Literal["length", "key", "timeout"]
    missed: tuple[Missed, ...] = ()


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
