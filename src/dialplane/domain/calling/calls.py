"""Calls: one leg between us and one party, its states and its end (VoIPBIN's call document, sections 4.4 and 4.5)."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId, CallId, FlowId, NumberId, RecordingId, RunId
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.values import dataclass


class Direction(StrEnum):
    INCOMING = "incoming"
    OUTGOING = "outgoing"


class CallStatus(StrEnum):
    DIALING = "dialing"
    RINGING = "ringing"
    PROGRESSING = "progressing"
    TERMINATING = "terminating"
    CANCELING = "canceling"
    HANGUP = "hangup"


class HangupReason(StrEnum):
    NONE = ""
    NORMAL = "normal"
    FAILED = "failed"
    BUSY = "busy"
    CANCEL = "cancel"
    TIMEOUT = "timeout"
    NOANSWER = "noanswer"
    DIALOUT = "dialout"
    AMD = "amd"


class HangupBy(StrEnum):
    NONE = ""
    REMOTE = "remote"
    LOCAL = "local"


TRANSITIONS: dict[CallStatus, frozenset[CallStatus]] = {
    CallStatus.DIALING: frozenset(
        {
            CallStatus.RINGING,
            CallStatus.PROGRESSING,
            CallStatus.TERMINATING,
            CallStatus.CANCELING,
            CallStatus.HANGUP,
        }
    ),
    CallStatus.RINGING: frozenset(
        {CallStatus.PROGRESSING, CallStatus.TERMINATING, CallStatus.CANCELING, CallStatus.HANGUP}
    ),
    CallStatus.PROGRESSING: frozenset({CallStatus.TERMINATING, CallStatus.HANGUP}),
    CallStatus.TERMINATING: frozenset({CallStatus.HANGUP}),
    CallStatus.CANCELING: frozenset({CallStatus.HANGUP}),
    CallStatus.HANGUP: frozenset(),
}
"""Every move that a call may make; any other is ignored."""


Q850_TO_SIP: dict[int, int] = {
    1: 404, 2: 404, 3: 404, 17: 486, 18: 408, 19: 480, 20: 480, 21: 403, 22: 410, 27: 502, 28: 484, 29: 501,
    31: 480, 34: 503, 38: 500, 42: 503, 58: 488, 66: 503, 127: 500,
}  # fmt: skip
"""VoIPBIN's table of causes (reference section 9.4)."""

SIP_TO_Q850: dict[int, int] = {
    400: 41, 401: 21, 402: 21, 403: 21, 404: 1, 405: 63, 406: 79, 407: 21, 408: 18, 410: 22, 413: 127, 414: 127,
    415: 79, 416: 127, 420: 127, 480: 18, 481: 41, 482: 25, 483: 25, 484: 28, 485: 1, 486: 17, 487: 31, 488: 58,
    500: 41, 501: 79, 502: 38, 503: 41, 504: 102, 505: 127, 513: 127, 600: 17, 603: 21, 604: 1, 606: 58,
}  # fmt: skip
"""RFC 3398 section 7.2.6.1 and RFC 4497 section 8.4.4, for ends that bring no Reason header."""


def unanswered_reason(direction: Direction, status: CallStatus, sip_code: int) -> HangupReason:
    """Why a call ended that was never answered, from the final SIP answer (reference section 4.5); 0 is no answer."""
    if status is CallStatus.CANCELING:
        return HangupReason.CANCEL
    if sip_code in (486, 600):
        return HangupReason.BUSY
    if direction is Direction.INCOMING:
        return HangupReason.NOANSWER if sip_code in (408, 480) else HangupReason.NORMAL
    if sip_code == 0:
        return HangupReason.DIALOUT
    if sip_code in (403, 408, 480, 603):
        return HangupReason.NOANSWER
    if sip_code == 487:
        return HangupReason.NORMAL
    return HangupReason.FAILED


def is_refusal(sip_code: int) -> bool:
    """Whether a final answer says that the call cannot be (Restcomm reference 4.4: any 4xx to 6xx), and not that the
    party is busy, away or was given up."""
    return sip_code >= 400 and sip_code not in NO_REFUSAL


NO_REFUSAL = (408, 480, 486, 487, 600)


def may_try_another_route(sip_code: int) -> bool:
    """Whether a route's end before the answer says something of the route and not of the party (reference 4.5): not
    after normal, busy, no answer and rejected; 0 is that nothing came back."""
    reason = unanswered_reason(Direction.OUTGOING, CallStatus.DIALING, sip_code)
    return reason in (HangupReason.FAILED, HangupReason.DIALOUT)


UNANSWERED_STATUS: dict[HangupReason, int] = {
    HangupReason.FAILED: 408,
    HangupReason.BUSY: 486,
    HangupReason.NOANSWER: 480,
    HangupReason.DIALOUT: 480,
}
"""What we send to a caller whom we never answered (reference section 4.5); anything else is 480 too."""


def can_move(current: CallStatus, wanted: CallStatus) -> bool:
    return wanted in TRANSITIONS[current]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number is at home, as far as the stock says."""

    city: str = ""
    region: str = ""
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class CallExtras:
    """What few calls have; kept together, so that the others pay nothing for it."""

    caller_name: str = ""
    """Display name, or what a CNAM look-up found."""
    forwarded_from: str = ""
    """Of the Diversion header (RFC 5806)."""
    sip_headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers of the INVITE."""
    api_version: str = ""
    """Of the dialect that began or configured it (`programs.sources`); empty: none of them."""
    answered_by: str = ""
    """What machine detection found (`recognition.MachineDetected`)."""
    machine_detection_ms: int = 0
    """How long it took."""
    source_place: Place | None = None
    destination_place: Place | None = None
    """Of numbers of the platform, in the dialect that tells them."""
    mute_direction: str = ""
    recording_id: UUID | None = None
    """The recording that goes on; of several, the one that began last."""
    groupcall_id: UUID | None = None
    conference_id: UUID | None = None
    """The conference that it is in, or was in last."""
    refer_target: str = ""
    transferor: str = ""
    transferee: str = ""
    """Of a call that a transfer began."""
    verstat: str = ""
    """What the signed caller ID came to, in Twilio's words for StirVerstat; "" where nobody looked."""
    caller_verdict: str = ""
    """What the lists and the score of the number said: `allowed`, `denied`, `spam`."""
    spam_score: int | None = None
    """0 to 100, where callers are scored."""
    hours: str = ""
    """`open` or `closed`, where the number has hours."""
    status: StatusCallback | None = None
    """Who is told of its progress, whatever began it: a number, a request, a party of Dial."""
    outbound_call_id: UUID | None = None
    """The outgoing call that it was joined with last; kept where somebody is told of its progress."""


_NO_EXTRAS = CallExtras()


@dataclass(frozen=True)
class Call:
    """One call as it is stored. Raw numbers are as they came in; addresses hold the normal form.

    Without slots: a call changes several times, and of a dictionary `after` makes the copy at once.
    """

    id: CallId
    account_id: AccountId
    direction: Direction
    status: CallStatus
    source: Address
    destination: Address
    created_at: datetime
    flow_id: FlowId | None = None
    run_id: RunId | None = None
    number_id: NumberId | None = None
    type: str = "flow"
    master_call_id: CallId | None = None
    chained_call_ids: tuple[CallId, ...] = ()
    recording_ids: tuple[RecordingId, ...] = ()
    cost_type: str = ""
    """What it counts as in the rate deck (`call_pstn_incoming`, …), fixed when it began."""
    raw_source: str = ""
    raw_destination: str = ""
    sip_call_id: str = ""
    node: str = ""
    action: dict[str, object] | None = None
    hangup_by: HangupBy = HangupBy.NONE
    hangup_reason: HangupReason = HangupReason.NONE
    sip_code: int = 0
    cause: int = 0
    """Q.850 cause of the end, 0 while unknown."""
    cause_text: str = ""
    """Why the call ended or was refused, in words for a person."""
    metadata: dict[str, object] = field(default_factory=dict)
    extras: CallExtras | None = None
    """Read through `details`."""
    route: dict[str, object] | None = None
    """The decision that let it in, as *route explain* shows it."""
    ringing_at: datetime | None = None
    progressing_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def details(self) -> CallExtras:
        return self.extras or _NO_EXTRAS

    def after(self, **changes: Any) -> "Call":
        """The call with these fields changed: `dataclasses.replace` at a tenth of its cost.

        Raises TypeError for what is no field.
        """
        if not _FIELDS.issuperset(changes):
            raise TypeError(f"no field of a call: {', '.join(changes.keys() - _FIELDS)}")
        changed = object.__new__(Call)
        vars(changed).update(vars(self), **changes)
        return changed


_FIELDS = frozenset(Call.__dataclass_fields__)
