"""What an account spent, split as VoxCPaaS's portal does: SMS, voice, charges of the numbers, storage, and pay as you
go, which is everything else. Together they are all that the ledger took.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from dialplane.domain.charging.ledger import ReferenceType

Line = TypeVar("Line", covariant=True)


class Bucket(StrEnum):
    """The words of the portal, in its order."""

    SMS = "SMS"
    VOICE = "Voice"
    DID = "DID Charges"
    STORAGE = "Storage"
    PAYG = "PayG"


BUCKETS: Mapping[ReferenceType, Bucket] = {
    ReferenceType.SMS: Bucket.SMS,
    ReferenceType.CALL: Bucket.VOICE,
    ReferenceType.CALL_EXTENSION: Bucket.VOICE,
    ReferenceType.NUMBER: Bucket.DID,
    ReferenceType.NUMBER_RENEW: Bucket.DID,
    ReferenceType.RECORDING: Bucket.STORAGE,
}


def quantity_of(bucket: Bucket, *, count: int, units: int, minutes: int) -> int:
    """Segments of texts, minutes of calls and recordings, and of everything else how often it was charged."""
    match bucket:
        case Bucket.SMS:
            return units
        case Bucket.VOICE | Bucket.STORAGE:
            return minutes
        case _:
            return count


@dataclass(frozen=True, slots=True)
class Spent:
    """What the ledger's entries about one kind of thing and one number add up to."""

    reference_type: ReferenceType
    number: str
    """The account's own; "" where the thing has to do with none, or it is not known any more."""
    count: int
    units: int
    minutes: int
    """Begun, of each entry that lasted."""
    micros: int

    @property
    def bucket(self) -> Bucket:
        return BUCKETS.get(self.reference_type, Bucket.PAYG)

    @property
    def quantity(self) -> int:
        """Segments of texts, minutes of calls and recordings, and of everything else how often it was charged."""
        return quantity_of(self.bucket, count=self.count, units=self.units, minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class DaySpent:
    """What was charged on one day of UTC."""

    day: date
    spent: tuple[Spent, ...]

    @property
    def micros(self) -> int:
        return sum(each.micros for each in self.spent)


@dataclass(frozen=True, slots=True)
class NumberSpent:
    """What was charged for one number."""

    number: str
    spent: tuple[Spent, ...]

    @property
    def lines(self) -> "list[Spending]":
        """One for each bucket, the empty ones too."""
        return by_bucket(self.spent)

    @property
    def count(self) -> int:
        """How often something was charged."""
        return sum(each.count for each in self.spent)

    @property
    def micros(self) -> int:
        return sum(each.micros for each in self.spent)


@dataclass(frozen=True, slots=True)
class Spending:
    """One line: `number` "" is of all numbers together, or of none."""

    bucket: Bucket
    quantity: int
    micros: int
    number: str = ""


@dataclass(frozen=True, slots=True)
class SpendingQuery:
    """Which lines are asked for."""

    numbers: Collection[str] | None = None
    """None: all, and what belongs to none."""
    buckets: Collection[Bucket] | None = None
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class NumberSum:
    """What one number was charged in all, and how often; "" for what belongs to none."""

    number: str
    count: int
    micros: int


@dataclass(frozen=True, slots=True)
class SpendingPage(Generic[Line]):
    """Some lines, by number and in the order of the buckets; and what all that fit come to."""

    lines: Sequence[Line]
    total: int
    """How many lines there are."""
    count: int
    """How often something was charged."""
    micros: int


def by_bucket(spent: Iterable[Spent]) -> list[Spending]:
    """One line for each bucket, the empty ones too."""
    lines = {bucket: Spending(bucket, 0, 0) for bucket in Bucket}
    for each in spent:
        lines[each.bucket] = _plus(lines[each.bucket], each)
    return list(lines.values())


def sum_buckets(lines: Iterable[Spending]) -> list[Spending]:
    """The lines of several numbers as one for each bucket, the empty ones too."""
    sums = {bucket: Spending(bucket, 0, 0) for bucket in Bucket}
    for line in lines:
        had = sums[line.bucket]
        sums[line.bucket] = replace(had, quantity=had.quantity + line.quantity, micros=had.micros + line.micros)
    return list(sums.values())


def by_day(spent: Iterable[tuple[date, Spent]]) -> list[DaySpent]:
    """In the order of the days' first lines."""
    days: dict[date, list[Spent]] = {}
    for day, each in spent:
        days.setdefault(day, []).append(each)
    return [DaySpent(day, tuple(lines)) for day, lines in days.items()]


def of_numbers(spent: Iterable[Spent]) -> list[NumberSpent]:
    """In the order of the numbers' first lines."""
    numbers: dict[str, list[Spent]] = {}
    for each in spent:
        numbers.setdefault(each.number, []).append(each)
    return [NumberSpent(number, tuple(each for each in lines if each.count)) for number, lines in numbers.items()]


def _plus(line: Spending, spent: Spent) -> Spending:
    return Spending(line.bucket, line.quantity + spent.quantity, line.micros + spent.micros, line.number)
