"""Conferences: their states, who may enter, when the talk begins and when it ends for all.

One value serves two habits: VoIPBIN's conference is made by its owner and stays until it is deleted; the room behind a
name in a document is a *session*, made by the first who enters and over when the last has left.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, CallId, ConferencecallId, ConferenceId, FlowId, RecordingId, TranscriptionId
from dialplane.domain.programs.rooms import Beeps
from dialplane.domain.programs.sources import StatusCallback

ConferenceType = Literal["conference", "connect", "queue"]
EndReason = Literal[
    "",
    "conference-ended-via-api",
    "participant-with-end-conference-on-exit-left",
    "last-participant-left",
    "timeout",
    "node-lost",
]
"""The words of Twilio's `ReasonConferenceEnded`, and two of our own."""

LONGEST_NAME = 255
LONGEST_LABEL = 128
LONGEST_TIMEOUT_S = 86_400
LONGEST_S = 14_400
"""A room is closed after four hours (Restcomm reference 5.5)."""
MOST_PARTICIPANTS = 250


class ConferenceStatus(StrEnum):
    STARTING = "starting"
    """People are in, and wait for who may start it."""
    PROGRESSING = "progressing"
    TERMINATING = "terminating"
    TERMINATED = "terminated"


class ParticipantStatus(StrEnum):
    JOINING = "joining"
    """Waits to be heard, or for the start."""
    JOINED = "joined"
    LEAVING = "leaving"
    LEAVED = "leaved"


@dataclass(frozen=True, slots=True)
class Conference:
    id: ConferenceId
    account_id: AccountId
    name: str
    status: ConferenceStatus
    created_at: datetime
    type: ConferenceType = "conference"
    detail: str = ""
    timeout_s: int = 0
    """It is over so long after it was made; 0: never by itself."""
    data: dict[str, object] = field(default_factory=dict)
    pre_flow_id: FlowId | None = None
    """Run on whoever is about to enter."""
    post_flow_id: FlowId | None = None
    """Run on whoever has left and is still there."""
    is_session: bool = False
    node: str = ""
    """The voice node that mixes it; "" while nobody is in."""
    callback: StatusCallback | None = None
    direct_hash: str = ""
    recording_ids: tuple[RecordingId, ...] = ()
    recording_id: RecordingId | None = None
    """The one that goes on."""
    transcription_ids: tuple[TranscriptionId, ...] = ()
    end_reason: EndReason = ""
    ended_by: CallId | None = None
    started_at: datetime | None = None
    """When the talk began, of those who are in now or were in last."""
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.status in (ConferenceStatus.TERMINATING, ConferenceStatus.TERMINATED)

    @property
    def expires_at(self) -> datetime | None:
        return self.created_at + timedelta(seconds=self.timeout_s) if self.timeout_s else None


@dataclass(frozen=True, slots=True)
class Participant:
    """One call's stay in a conference (VoIPBIN's conferencecall)."""

    id: ConferencecallId
    account_id: AccountId
    conference_id: ConferenceId
    call_id: CallId
    node: str
    status: ParticipantStatus
    created_at: datetime
    label: str = ""
    muted: bool = False
    hold: bool = False
    coached_call_id: UUID | None = None
    starts: bool = True
    ends: bool = False
    joined_at: datetime | None = None
    left_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def is_in(self) -> bool:
        return self.left_at is None


class Starter(Protocol):
    @property
    def starts(self) -> bool: ...


def has_started(present: Iterable[Starter]) -> bool:
    """Whether anybody of these may start the talk: the others wait for such a one."""
    return any(each.starts for each in present)


def ends_for_all(leaver_ends: bool, *, remaining: int) -> EndReason:
    """Why a room is closed by somebody's leaving; "": it goes on."""
    if leaver_ends:
        return "participant-with-end-conference-on-exit-left"
    return "" if remaining else "last-participant-left"


def has_place(present: int, wanted: int) -> bool:
    """`wanted` is the newcomer's limit of participants."""
    return present < min(wanted, MOST_PARTICIPANTS)


def beeps_on_entry(beep: Beeps) -> bool:
    return beep in ("true", "onEnter")


def beeps_on_exit(beep: Beeps) -> bool:
    return beep in ("true", "onExit")


def check_conference(conference: Conference) -> Conference:
    """Raises Invalid naming the field."""
    if len(conference.name) > LONGEST_NAME:
        raise Invalid(f"name has {LONGEST_NAME} characters at most", field="name")
    if len(conference.detail) > 4096:
        raise Invalid("detail has 4096 characters at most", field="detail")
    if not 0 <= conference.timeout_s <= LONGEST_TIMEOUT_S:
        raise Invalid(f"timeout is from 0 to {LONGEST_TIMEOUT_S} seconds", field="timeout")
    return conference
