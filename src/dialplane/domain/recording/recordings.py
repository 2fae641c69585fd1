"""Recordings: what a call's or a conference's audio was kept as, and where."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dialplane.domain.charging.ledger import Charge, HoldRequest, ReferenceType
from dialplane.domain.charging.rating import MINUTE_S, Rate
from dialplane.domain.ids import AccountId, CallId, FlowId, RecordingId, RunId
from dialplane.domain.programs.sources import StatusCallback

HOLD_LASTS = timedelta(hours=6)
"""Longer than the longest conference; a hold that is still there then was left behind."""


class RecordingStatus(StrEnum):
    INITIATING = "initiating"
    """Ordered; the node has not begun yet."""
    RECORDING = "recording"
    PAUSED = "paused"
    STOPPING = "stopping"
    """Ordered to end; the node has not ended it yet."""
    ENDED = "ended"
    FAILED = "failed"
    """Nothing was kept."""

    @property
    def is_over(self) -> bool:
        return self in (RecordingStatus.ENDED, RecordingStatus.FAILED)


class RecordingSource(StrEnum):
    """What began it, in Twilio's words."""

    VERB = "RecordVerb"
    DIAL = "DialVerb"
    CONFERENCE = "Conference"
    OUTBOUND_CALL = "OutboundAPI"
    """`Record=true` of a call that was made by API."""
    CALL_ORDER = "StartCallRecordingAPI"
    CONFERENCE_ORDER = "StartConferenceRecordingAPI"


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording, of a call or (`conference_id`) of a conference. `path` is relative to the recordings folder."""

    id: RecordingId
    account_id: AccountId
    call_id: CallId | None
    status: RecordingStatus
    path: str
    created_at: datetime
    run_id: RunId | None = None
    conference_id: UUID | None = None
    node: str = ""
    """The voice node that makes it."""
    source: RecordingSource = RecordingSource.CALL_ORDER
    channels: int = 1
    """2: the party on the left, what it hears on the right."""
    track: str = "both"
    """`inbound` where only the party is heard, `outbound` where only what it hears is."""
    format: str = "wav"
    on_end_flow_id: FlowId | None = None
    status_callback: StatusCallback | None = None
    ended_by: str = ""
    error: str = ""
    """Why it failed, in words."""
    duration_ms: int = 0
    size_bytes: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def key(self) -> str:
        """The business key of its hold and of its charge (LED-5)."""
        return hold_key(self.id)

    @property
    def duration_s(self) -> int:
        """As the action of a verb tells it."""
        return round(self.duration_ms / 1000)

    def hold(self, rate: Rate, minutes: int, now: datetime) -> HoldRequest:
        """Set so many minutes aside in all."""
        return HoldRequest(self.account_id, self.key, rate, rate.units_in(minutes * MINUTE_S), now + HOLD_LASTS)

    def charge(self, rate: Rate, now: datetime) -> Charge:
        """What it costs, once it is over: by the slice begun; nothing where nothing was kept."""
        return Charge(
            key=self.key,
            rate=rate,
            units=rate.units_in(self.duration_ms / 1000),
            reference_type=ReferenceType.RECORDING,
            reference_id=self.id,
            started_at=self.started_at or self.created_at,
            ended_at=self.ended_at or now,
            seconds=self.duration_s,
        )


def hold_key(recording_id: UUID) -> str:
    return f"recording:{recording_id}"


def path_of(account_id: AccountId, recording_id: UUID) -> str:
    """Below the recordings folder."""
    return f"{account_id}/{recording_id}.wav"


class RecordingOrdering(StrEnum):
    CREATED = "created"
    DURATION = "duration"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class RecordingQuery:
    """Which recordings of a list are asked for; of each pair of times the first is within, the second is not."""

    call_id: UUID | None = None
    conference_id: UUID | None = None
    created: tuple[datetime | None, datetime | None] = (None, None)
    ordering: RecordingOrdering = RecordingOrdering.CREATED
    descending: bool = True
    after: UUID | None = None
    """Those that follow upon this one; only in the order of creation."""
    offset: int = 0
    limit: int = 50
