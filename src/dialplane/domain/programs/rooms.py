"""Commands for conferences and queues, and what comes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal
from uuid import UUID

from dialplane.domain.programs.sources import ProgramSource, StatusCallback


class Waiting(StrEnum):
    """What is heard while waiting, where no document says it."""

    MUSIC = "music"
    SILENCE = "silence"


Beeps = Literal["true", "false", "onEnter", "onExit"]


@dataclass(frozen=True, slots=True)
class JoinConference:
    """*call* Be in a conference until one leaves, is removed, or it ends. Answers the call. → `ConferenceLeft`

    By `conference_id` (VoIPBIN's resource), or by `name`, which is the account's own and is made when the first enters.
    """

    name: str = ""
    conference_id: UUID | None = None
    muted: bool = False
    beep: Beeps = "true"
    starts: bool = True
    """False: waits until somebody enters who starts it (a moderator)."""
    ends: bool = False
    """It ends for all when this one leaves."""
    waiting: ProgramSource | Waiting = Waiting.MUSIC
    max_participants: int = 40
    record: bool = False
    trim: bool = False
    label: str = ""
    coached_call_id: UUID | None = None
    """Heard by this participant alone."""
    status: StatusCallback | None = None
    recording_status: StatusCallback | None = None
    time_limit_s: int = 14_400
    hangup_key: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Of the flow that joins: the conference's own flows are part of it."""


@dataclass(frozen=True, slots=True)
class ConferenceLeft:
    """`why`: `left`, `removed`, `ended`, `full` (never was in), `timeout`."""

    why: Literal["left", "removed", "ended", "full", "timeout"]
    conference_id: UUID | None = None
    duration_s: int = 0
    recording_id: UUID | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """The platform's variables of it."""


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """*call* Wait in a queue, and talk with whoever takes the call. Answers the call. → `QueueLeft`

    By `queue_id` (VoIPBIN's resource), or by `name`, which is made where there is none.
    """

    name: str = ""
    queue_id: UUID | None = None
    waiting: ProgramSource | Waiting = Waiting.MUSIC
    """Repeated while waiting; VoIPBIN's queues have a wait flow of their own that goes before it."""
    variables: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Of the flow that joins: the wait flow is part of it."""


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """*call* In the document of somebody who waits: out of the queue. Ends the waiting program."""


@dataclass(frozen=True, slots=True)
class QueueLeft:
    """`how`: Twilio's `QueueResult`, and `timeout` where nobody came in time."""

    how: Literal["bridged", "leave", "redirected", "timeout", "queue-full", "error"]
    queue_id: UUID | None = None
    queuecall_id: UUID | None = None
    waited_s: int = 0
    talked_s: int = 0
    facts: Mapping[str, str] = field(default_factory=dict)
    """The platform's variables of it."""
    reason: str = ""
    """Why it was not taken, in words."""
