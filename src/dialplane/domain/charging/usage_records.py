"""Usage records: what an account used in a period, by category, as Restcomm and Twilio report it.

The categories form a tree; a record holds everything below its category. `totalprice` holds every charge.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Category(StrEnum):
    """In the order of the dialects' lists. Services that are not offered stay at zero."""

    CALLS = "calls"
    CALLS_INBOUND = "calls-inbound"
    CALLS_INBOUND_LOCAL = "calls-inbound-local"
    CALLS_INBOUND_TOLLFREE = "calls-inbound-tollfree"
    CALLS_OUTBOUND = "calls-outbound"
    CALLS_CLIENT = "calls-client"
    CALLS_SIP = "calls-sip"
    SMS = "sms"
    SMS_INBOUND = "sms-inbound"
    SMS_INBOUND_SHORTCODE = "sms-inbound-shortcode"
    SMS_INBOUND_LONGCODE = "sms-inbound-longcode"
    SMS_OUTBOUND = "sms-outbound"
    SMS_OUTBOUND_SHORTCODE = "sms-outbound-shortcode"
    SMS_OUTBOUND_LONGCODE = "sms-outbound-longcode"
    PHONENUMBERS = "phonenumbers"
    PHONENUMBERS_TOLLFREE = "phonenumbers-tollfree"
    PHONENUMBERS_LOCAL = "phonenumbers-local"
    SHORTCODES = "shortcodes"
    SHORTCODES_VANITY = "shortcodes-vanity"
    SHORTCODES_RANDOM = "shortcodes-random"
    SHORTCODES_CUSTOMEROWNED = "shortcodes-customerowned"
    CALLERIDLOOKUPS = "calleridlookups"
    RECORDINGS = "recordings"
    TRANSCRIPTIONS = "transcriptions"
    RECORDINGSTORAGE = "recordingstorage"
    TOTALPRICE = "totalprice"

    def holds(self, other: "Category") -> bool:
        """Whether what belongs to `other` counts here too."""
        return self is Category.TOTALPRICE or other == self or other.startswith(f"{self}-")


class Granularity(StrEnum):
    """How a range of days is cut into periods."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Fact:
    """What was used of one leaf of the tree in one period, named by its first day (of ALL: the range's)."""

    period: date
    category: Category
    count: int
    amount: int
    """Of calls and recordings minutes begun, of messages segments."""
    micros: int


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """`first` and `last` are days, both within."""

    category: Category
    first: date
    last: date
    count: int = 0
    amount: int = 0
    micros: int = 0


@dataclass(frozen=True, slots=True)
class Range:
    """Days, both within; empty where `last` is before `first`."""

    first: date
    last: date

    def narrowed(self, first: date | None, last: date | None) -> "Range":
        return Range(max(self.first, first or self.first), min(self.last, last or self.last))


def records(
    facts: Iterable[Fact], days: Range, granularity: Granularity, wanted: Category | None = None
) -> list[UsageRecord]:
    """Newest period first, in each the categories in order.

    One period shows all categories, the unused ones too; of several, only those show in which something was used.
    """
    periods: dict[date, list[Fact]] = {days.first: []} if granularity is Granularity.ALL else {}
    for fact in facts:
        periods.setdefault(fact.period, []).append(fact)
    categories = tuple(Category) if wanted is None else (wanted,)
    found = [
        _record(category, _period(first, days, granularity), periods[first])
        for first in sorted(periods, reverse=True)
        for category in categories
    ]
    return [each for each in found if granularity is Granularity.ALL or each.count or each.micros]


def _record(category: Category, period: Range, facts: Sequence[Fact]) -> UsageRecord:
    held = [fact for fact in facts if category.holds(fact.category)]
    micros = sum(fact.micros for fact in held)
    if category is Category.TOTALPRICE:  # different things cannot be counted together
        return UsageRecord(category, period.first, period.last, micros=micros)
    count, amount = sum(fact.count for fact in held), sum(fact.amount for fact in held)
    return UsageRecord(category, period.first, period.last, count, amount, micros)


def _period(first: date, days: Range, granularity: Granularity) -> Range:
    """The period that begins on `first`, as far as it lies in the range."""
    last = {
        Granularity.DAY: first,
        Granularity.MONTH: first.replace(day=monthrange(first.year, first.month)[1]),
        Granularity.YEAR: first.replace(month=12, day=31),
        Granularity.ALL: days.last,
    }[granularity]
    return Range(max(first, days.first), min(last, days.last))


def today(now: date) -> Range:
    return Range(now, now)


def yesterday(now: date) -> Range:
    return Range(now - timedelta(days=1), now - timedelta(days=1))


def this_month(now: date) -> Range:
    return Range(now.replace(day=1), now)


def last_month(now: date) -> Range:
    last = now.replace(day=1) - timedelta(days=1)
    return Range(last.replace(day=1), last)
