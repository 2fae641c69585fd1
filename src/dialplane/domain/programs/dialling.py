"""Commands that bring other parties into a call, and what comes of them."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.programs.recognition import DetectMachine
from dialplane.domain.programs.sources import DocumentSource, ProgramSource, StatusCallback

Anonymous = Literal["", "yes", "no", "auto"]
"""Whether the caller's number is withheld; `auto` behaves as `no`."""
RecordedTrack = Literal["both", "inbound", "outbound"]
"""What the party says, what it hears, or both."""


@dataclass(frozen=True, slots=True)
class Party:
    """One destination and how it is called."""

    address: Address
    headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers of the INVITE."""
    username: str = ""
    password: str = ""
    """For the digest challenge of a SIP server."""
    before_joining: ProgramSource | None = None
    """Run on the callee, who hears it alone; then the two are joined, or not where it hung up."""
    send_digits: str = ""
    """DTMF sent when the party answers; `w` is half a second of silence."""
    machine: DetectMachine | None = None
    """Listen, beside the talk, for an answering machine."""
    status: StatusCallback | None = None


@dataclass(frozen=True, slots=True)
class RecordingWish:
    """How the talk of a `Dial` is recorded."""

    begins: Literal["answer", "ringing"] = "answer"
    channels: Literal[1, 2] = 1
    track: RecordedTrack = "both"
    trim: bool = False
    status: StatusCallback | None = None


@dataclass(frozen=True, slots=True)
class Dial:
    """*call* Ring the parties, join the first that answers, wait for the end. → `Dialled`"""

    source: Address | None
    parties: tuple[Party, ...]
    early_media: bool = False
    relay_reason: bool = False
    anonymous: Anonymous = ""
    timeout_s: int = 60
    ring_method: Literal["ring_all", "linear"] = "ring_all"
    """All at once, or one after the other, each for `timeout_s`."""
    time_limit_s: int = 0
    """The longest talk; 0: only the call's own limit."""
    hangup_key: str = ""
    """A key of the caller that ends the talk and lets the program go on (`*` for `hangupOnStar`)."""
    record: RecordingWish | None = None
    answer_on_bridge: bool = False
    """The caller is answered only when a party answers; before, it hears ringing."""
    refer: DocumentSource | None = None
    """Asked when one of the talkers transfers the other (REFER), in the place of the number's refer target."""
    ring_tone: str = ""
    """Country code (`us`, `uk`, …) of the ringing that the caller hears; empty: the far end's own, or `us`."""


@dataclass(frozen=True, slots=True)
class DialQueue:
    """*call* Join the longest-waiting caller of a queue; wait for the end. → `Dialled` (`failed` where nobody waits)"""

    queue: str
    """The queue's name within the account."""
    before_joining: ProgramSource | None = None
    timeout_s: int = 0
    """How long to wait for somebody to come; 0: not at all."""
    time_limit_s: int = 0
    hangup_key: str = ""
    """As in `Dial`."""
    record: RecordingWish | None = None


@dataclass(frozen=True, slots=True)
class Dialled:
    """How a `Dial` ended. `status` is `answered` (and the talk is over), or why nobody was joined."""

    status: Literal["answered", "busy", "noanswer", "failed", "cancel"]
    call_id: UUID | None = None
    duration_s: int = 0
    sip_code: int = 0
    reason: str = ""
    ring_s: int = 0
    sip_call_id: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers of the callee's final answer."""
    recording_id: UUID | None = None
    recording_ms: int = 0
    shown: str = ""
    """The caller ID that the callee saw, where a call was made."""


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
class CallsStarted:
    call_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ReferTo:
    """*call* Ask the party by REFER to call `target` instead of us (RFC 3515). → `Referred`

    The party that accepts hangs up or is hung up; what follows runs without a call.
    """

    target: str
    """A SIP URI or a number."""
    timeout_s: int = 30


@dataclass(frozen=True, slots=True)
class Referred:
    """`sip_code` is the party's answer to the REFER, `notified_code` the last that its NOTIFY reported (0: none)."""

    sip_code: int
    notified_code: int = 0
