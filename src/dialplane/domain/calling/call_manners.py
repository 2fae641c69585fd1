"""How one outgoing call is placed, beyond who calls whom and what runs; the API and documents say it."""

import re
from dataclasses import dataclass
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.programs.dialling import RecordingWish
from dialplane.domain.programs.recognition import DetectMachine
from dialplane.domain.programs.sources import StatusCallback

LONGEST_RING_S = 600
LONGEST_CALL_S = 86_400
MAX_HEADERS = 20
MAX_HEADER_OCTETS = 1_024
_HEADER = re.compile(r"[Xx]-[A-Za-z0-9!%*_+`'~.-]{1,64}")
_DIGITS = re.compile(r"[0-9A-Da-d*#wW]{0,100}")


@dataclass(frozen=True, slots=True)
class CallManner:
    """What few calls ask for."""

    timeout_s: int = 60
    """How long it may ring."""
    time_limit_s: int = 0
    """The longest talk; 0: only the platform's own limit."""
    headers: tuple[tuple[str, str], ...] = ()
    """`X-` headers of the INVITE."""
    username: str = ""
    password: str = ""
    """For the digest challenge of a SIP server."""
    withheld: bool = False
    """The callee is not shown who calls (RFC 3323)."""
    send_digits: str = ""
    """DTMF sent when it is answered, before anything else; `w` is half a second of silence."""
    status: StatusCallback | None = None
    record: RecordingWish | None = None
    machine: DetectMachine | None = None
    """Listen for an answering machine from the answer on."""
    contact: str = ""
    """Of an extension's phones the one that is meant; empty: the one that registered last."""
    early_execution: bool = False
    """The program begins at once instead of with the answer."""
    trunk_id: UUID | None = None
    """The one trunk that a call to a number is to take; None: as the routes say."""


def check_manner(manner: CallManner) -> None:
    """Raises Invalid naming the field."""
    if not 0 < manner.timeout_s <= LONGEST_RING_S:
        raise Invalid(f"timeout is 1 to {LONGEST_RING_S} seconds", field="timeout")
    if not 0 <= manner.time_limit_s <= LONGEST_CALL_S:
        raise Invalid(f"time_limit is at most {LONGEST_CALL_S} seconds", field="time_limit")
    if len(manner.headers) > MAX_HEADERS:
        raise Invalid(f"at most {MAX_HEADERS} headers may be given", field="headers")
    for name, value in manner.headers:
        if not _HEADER.fullmatch(name):
            raise Invalid(f"{name[:40]!r} is no X- header", field="headers")
        if len(value.encode()) > MAX_HEADER_OCTETS or not value.isprintable():
            raise Invalid(f"the value of {name} is one line of at most {MAX_HEADER_OCTETS} octets", field="headers")
    if len(manner.username) > 128 or len(manner.password) > 128:
        raise Invalid("user name and password have at most 128 characters", field="username")
    if not _DIGITS.fullmatch(manner.send_digits):
        raise Invalid("send_digits are at most 100 of 0-9, A-D, *, # and w", field="send_digits")
