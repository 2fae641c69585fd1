"""Calls: one leg between us and one party, its states and its end (VoIPBIN's call document, sections 4.4 and 4.5)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId, CallId, FlowId, NumberId, RecordingId, RunId


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


def can_move(current: CallStatus, wanted: CallStatus) -> bool:
    return wanted in TRANSITIONS[current]


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it is stored. Raw numbers are as they came in; addresses hold the normal form."""

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
    ringing_at: datetime | None = None
    progressing_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
