"""Recordings: what a call's audio was kept as, and where."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dialplane.domain.ids import AccountId, CallId, FlowId, RecordingId, RunId


class RecordingStatus(StrEnum):
    INITIATING = "initiating"
    RECORDING = "recording"
    STOPPING = "stopping"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording of one call. `path` is relative to the recordings folder."""

    id: RecordingId
    account_id: AccountId
    call_id: CallId
    status: RecordingStatus
    path: str
    created_at: datetime
    run_id: RunId | None = None
    format: str = "wav"
    on_end_flow_id: FlowId | None = None
    ended_by: str = ""
    duration_ms: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
