"""What is played in a dry run: who calls, when, what the caller does, and what the world answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

AnsweredBy = Literal["human", "machine_start", "machine_end_beep", "machine_end_silence", "fax", "unknown"]
ANSWERED_BY: tuple[AnsweredBy, ...] = get_args(AnsweredBy)
DialStatus = Literal["answered", "busy", "noanswer", "failed", "cancel"]
DIAL_STATUSES: tuple[DialStatus, ...] = get_args(DialStatus)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`status` 0: nobody answers."""

    status: int = 200
    body: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class CallerTurn:
    """What the caller presses or says. Without `at_ms` it is the answer to the next question; with it, it happens at
    that time of the call, whether somebody asked or not."""

    press: str = ""
    say: str = ""
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DialOutcome:
    """How dialling `to` ends ("" is any party); used once, the last one again and again."""

    to: str = ""
    status: DialStatus = "answered"
    talk_s: int = 60
    ring_s: int = 5
    sip_code: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """What is played: a call, or where `text` is given a message, from `source` to `destination` at `at`."""

    at: datetime
    source: str = ""
    destination: str = ""
    caller: tuple[CallerTurn, ...] = ()
    text: str | None = None
    http: Mapping[str, Sequence[HttpAnswer]] = field(default_factory=dict)
    """What the tenant's servers answer, by address: one after the other, the last one again and again."""
    dial: tuple[DialOutcome, ...] = ()
    hangs_up_at_ms: int | None = None
    """When the caller hangs up; None: never before the program does."""
    answered_by: AnsweredBy = "human"
    variables: Mapping[str, str] = field(default_factory=dict)
    is_answered: bool = False
    """The call is answered when the program begins: an outgoing one."""
    durations: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """How many milliseconds an action took each time, by its id: in a replay, what it took in the real call."""
