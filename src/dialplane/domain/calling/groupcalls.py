"""Groups of calls that ring for one purpose (VoIPBIN reference 4.6)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId, CallId, FlowId


class GroupcallStatus(StrEnum):
    PROGRESSING = "progressing"
    HANGINGUP = "hangingup"
    HANGUP = "hangup"


class RingMethod(StrEnum):
    RING_ALL = "ring_all"
    LINEAR = "linear"
    """One after the other, until one answers."""


class AnswerMethod(StrEnum):
    NONE = ""
    """Every call that is answered runs the program."""
    HANGUP_OTHERS = "hangup_others"


@dataclass(frozen=True, slots=True)
class Groupcall:
    id: UUID
    account_id: AccountId
    status: GroupcallStatus
    source: Address | None
    destinations: tuple[Address, ...]
    ring_method: RingMethod
    answer_method: AnswerMethod
    node: str
    created_at: datetime
    flow_id: FlowId | None = None
    master_call_id: CallId | None = None
    call_ids: tuple[CallId, ...] = ()
    answer_call_id: CallId | None = None
    dial_index: int = 0
    """Of the destination that rings last."""
    updated_at: datetime | None = None
    ended_at: datetime | None = None
    deleted_at: datetime | None = None
