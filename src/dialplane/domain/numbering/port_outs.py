"""Porting out: another carrier asks for a number, with its owner's PIN, and the owner has a while to say no."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dialplane.domain.errors import Conflict, Invalid
from dialplane.domain.ids import AccountId, NumberId

WINDOW = timedelta(hours=48)
"""So long the owner may approve or reject; who says nothing lets the number go, as carriers' rules have it."""

LONGEST_REASON = 1024
LONGEST_CARRIER = 255

PIN_FORM = r"^[0-9A-Za-z]{4,15}$"
_PIN = re.compile(r"[0-9A-Za-z]{4,15}")


class PortOutStatus(StrEnum):
    PENDING = "pending"
    AUTHORIZED = "authorized"
    REJECTED = "rejected"
    PORTED = "ported"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self not in (PortOutStatus.PENDING, PortOutStatus.AUTHORIZED)


MEANING: Mapping[PortOutStatus, str] = {
    PortOutStatus.PENDING: "Another carrier asks for the number. Approve or reject it; without a word from you it goes "
    "at the end of decide_by.",
    PortOutStatus.AUTHORIZED: "The number goes to the other carrier on leave_date, and works here until then.",
    PortOutStatus.REJECTED: "You kept the number.",
    PortOutStatus.PORTED: "The number is the other carrier's now.",
    PortOutStatus.CANCELLED: "The other carrier no longer asks for the number, or you gave it up before.",
}


@dataclass(frozen=True, slots=True)
class PortOut:
    """One request of another carrier for one number."""

    id: UUID
    account_id: AccountId
    number_id: NumberId
    number: str
    carrier: str
    """Who asks."""
    status: PortOutStatus
    decide_by: datetime
    leaves_at: datetime
    """Not before it is authorized."""
    created_at: datetime
    updated_at: datetime
    reason: str = ""
    ended_at: datetime | None = None


def went_on(asked: PortOut, to: PortOutStatus, now: datetime, *, reason: str = "") -> PortOut:
    """The request after its next step. Raises Conflict where it is over, or was decided already."""
    decided = asked.status is PortOutStatus.AUTHORIZED and to in (PortOutStatus.AUTHORIZED, PortOutStatus.REJECTED)
    if asked.status.is_over or decided:
        raise Conflict(f"The request is {asked.status} already", reason="STATE_INVALID")
    if len(reason) > LONGEST_REASON:
        raise _invalid("reason", f"has {LONGEST_REASON} characters at most")
    return replace(
        asked,
        status=to,
        reason=reason,
        leaves_at=max(asked.leaves_at, now) if to is PortOutStatus.AUTHORIZED else asked.leaves_at,
        updated_at=now,
        ended_at=now if to.is_over else None,
    )


def check_pin(pin: str) -> None:
    """Raises Invalid."""
    if not _PIN.fullmatch(pin):
        raise _invalid("pin", "is 4 to 15 letters and digits")


def check_request(carrier: str, leaves_at: datetime | None, now: datetime) -> None:
    """Raises Invalid naming the field."""
    if not carrier.strip() or len(carrier) > LONGEST_CARRIER or not carrier.isprintable():
        raise _invalid("carrier", f"is who asks, in {LONGEST_CARRIER} characters at most")
    if leaves_at is not None and leaves_at.date() < now.date():
        raise _invalid("port_date", "lies in the past")


def _invalid(field: str, says: str) -> Invalid:
    return Invalid(f"{field} {says}", reason="INVALID_ARGUMENT", field=field)
