"""When a number's month is over: what to tell, when to charge, when to suspend (DESIGN, "Renewal").

Nothing here takes a number away from its account.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from dialplane.domain.numbering.numbers import GRACE, Number, NumberStatus, SuspendedFor, a_month_after

WARNINGS_DAYS = (7, 3, 1)
"""Days before the due day on which the account is told."""

TRY_AGAIN = timedelta(hours=6)
"""An unpaid number is tried this often; credit that arrives is noticed at once."""

_NOT_PAID = 0


class RenewalEvent(StrEnum):
    DUE = "number_renewal_due"
    RENEWED = "number_renewed"
    FAILED = "number_renewal_failed"
    SUSPENDED = "number_suspended"
    REACTIVATED = "number_reactivated"


@dataclass(frozen=True, slots=True)
class Renewal:
    """What became of the number, and what to tell of it, in order."""

    number: Number
    events: tuple[RenewalEvent, ...] = ()


class Due(NamedTuple):
    """The due day of the next month, and when the renewal has something to do before; None: never."""

    renews_at: datetime | None
    look_at: datetime | None


def first_due(monthly_micros: int, day: datetime) -> Due:
    """Of a number that an account has from now on, whose next month begins on the day.

    What costs nothing by the month has no due day: nobody is to be warned of a payment of nothing.
    """
    return Due(day, first_look(day)) if monthly_micros else Due(None, None)


def first_look(renews_at: datetime) -> datetime:
    return renews_at - timedelta(days=WARNINGS_DAYS[0])


def period_key(number: Number) -> str:
    """The business key of the month that begins on the due day: charged once, by however many workers (LED-11)."""
    assert number.renews_at is not None
    return f"number_renew:{number.id}:{number.renews_at:%Y-%m-%d}"


def warn(number: Number, now: datetime) -> Renewal:
    """Before the due day: a warning where one is due, and the day of the next."""
    due = number.renews_at
    assert due is not None
    reached = [days for days in WARNINGS_DAYS if now >= due - timedelta(days=days)]
    coming = [due - timedelta(days=days) for days in WARNINGS_DAYS if now < due - timedelta(days=days)]
    look_at = min([*coming, due])
    if not reached or number.warned_days == reached[-1]:
        return Renewal(replace(number, look_at=look_at))
    return Renewal(replace(number, look_at=look_at, warned_days=reached[-1]), (RenewalEvent.DUE,))


def renewed(number: Number, now: datetime) -> Renewal:
    """The month is paid: the due day moves on, and what was suspended for money comes back."""
    due = number.renews_at
    assert due is not None
    renews_at = a_month_after(due, day=(number.purchased_at or due).day)
    paid = replace(
        number,
        renews_at=renews_at,
        look_at=first_look(renews_at),
        warned_days=None,
        grace_until=None,
        updated_at=now,
    )
    if number.suspended_for is not SuspendedFor.UNPAID:
        return Renewal(paid, (RenewalEvent.RENEWED,))
    back = replace(paid, status=NumberStatus.ACTIVE, suspended_for=SuspendedFor.NOTHING)
    return Renewal(back, (RenewalEvent.RENEWED, RenewalEvent.REACTIVATED))


def not_paid(number: Number, now: datetime) -> Renewal:
    """The month cannot be paid: tell it once, and suspend when the grace is over."""
    due = number.renews_at
    assert due is not None
    events: tuple[RenewalEvent, ...] = ()
    grace_until = number.grace_until or due + GRACE
    if number.warned_days != _NOT_PAID:
        events += (RenewalEvent.FAILED,)
    unpaid = replace(number, warned_days=_NOT_PAID, grace_until=grace_until)
    if now < grace_until:
        return Renewal(replace(unpaid, look_at=min(now + TRY_AGAIN, grace_until)), events)
    unpaid = replace(unpaid, look_at=now + TRY_AGAIN)
    if number.status is not NumberStatus.ACTIVE:
        return Renewal(unpaid, events)
    suspended = replace(unpaid, status=NumberStatus.SUSPENDED, suspended_for=SuspendedFor.UNPAID, updated_at=now)
    return Renewal(suspended, (*events, RenewalEvent.SUSPENDED))
