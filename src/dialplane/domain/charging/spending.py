"""What an account spent, split as VoxCPaaS's portal does: SMS, voice, charges of the numbers, storage, and pay as you
go, which is everything else. Together they are all that the ledger took.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dialplane.domain.charging.ledger import ReferenceType


class Bucket(StrEnum):
    """The words of the portal, in its order."""

    SMS = "SMS"
    VOICE = "Voice"
    DID = "DID Charges"
    STORAGE = "Storage"
    PAYG = "PayG"


_BUCKETS: Mapping[ReferenceType, Bucket] = {
    ReferenceType.SMS: Bucket.SMS,
    ReferenceType.CALL: Bucket.VOICE,
    ReferenceType.CALL_EXTENSION: Bucket.VOICE,
    ReferenceType.NUMBER: Bucket.DID,
    ReferenceType.NUMBER_RENEW: Bucket.DID,
    ReferenceType.RECORDING: Bucket.STORAGE,
}


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
        return _BUCKETS.get(self.reference_type, Bucket.PAYG)

    @property
    def quantity(self) -> int:
        """Segments of texts, minutes of calls and recordings, and of everything else how often it was charged."""
        match self.bucket:
            case Bucket.SMS:
                return self.units
            case Bucket.VOICE | Bucket.STORAGE:
                return self.minutes
            case _:
                return self.count


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


def by_bucket(spent: Iterable[Spent]) -> list[Spending]:
    """One line for each bucket, the empty ones too."""
    lines = {bucket: Spending(bucket, 0, 0) for bucket in Bucket}
    for each in spent:
        lines[each.bucket] = _plus(lines[each.bucket], each)
    return list(lines.values())


def by_number(spent: Iterable[Spent]) -> list[Spending]:
    """One line for each number and each bucket of it that something was spent in, by number."""
    lines: dict[tuple[str, Bucket], Spending] = {}
    for each in spent:
        key = (each.number, each.bucket)
        lines[key] = _plus(lines.get(key, Spending(each.bucket, 0, 0, each.number)), each)
    order = list(Bucket)
    return sorted(lines.values(), key=lambda line: (line.number, order.index(line.bucket)))


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
