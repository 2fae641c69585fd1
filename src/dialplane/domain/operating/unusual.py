"""When traffic is not as usual: spending far above its measure, texts to numbers in a row, calls that nobody lets in.

The measures are those of FRD-5 and FRD-6. They are looked for in the records, so that nothing stands in the way of a
call or a message.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from dialplane.domain.calling.destinations import place_of
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros, show_usd, usd

USUAL_OVER = timedelta(days=7)
"""What is usual is the mean of so long."""

SPIKE, SEVERE_SPIKE = 10, 20
"""Times the usual of an hour (FRD-5)."""

LEAST_USUAL = usd(1)
"""Of an hour, for whoever spends less: ten times nearly nothing is nearly nothing, and a first day has no usual."""

HIGH_PRICE = usd("0.50")
"""Of a call's first minute: many times what calls to people cost, and little for the ranges that fraud is after."""

_HOUR, _FIRST_DAY = timedelta(hours=1), timedelta(days=1)

MOST_IN_A_ROW = 5
"""Texts to consecutive numbers within ten minutes (FRD-6)."""

FEWEST_TEXTS, LEAST_DELIVERED = 50, 0.1
"""Of so many texts of an hour, this part must arrive (FRD-6)."""

FEWEST_CALLS, MOST_REFUSED = 20, 0.5
FEWEST_STRANGERS = 20
"""Refused calls of one host in an hour: less is what every address on the Internet gets."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to look at. `account_id` is None for traffic that belongs to no account."""

    what: str
    """`spending`, `pumping`, `delivery`, `refused`, `stranger`."""
    is_severe: bool
    subject: str
    """The account's name, or the host."""
    says: str
    account_id: AccountId | None = None


@dataclass(frozen=True, slots=True)
class SpentByAccount:
    """On outgoing calls and texts: in the last hour, and from `since` until then."""

    account_id: AccountId
    name: str
    hour_micros: int
    before_micros: int
    since: datetime
    """A week before, or when the account was made."""

    def mean(self, now: datetime) -> float:
        """Micros of an hour before the last."""
        lasted = max(now - _HOUR - self.since, _HOUR)
        return self.before_micros * (_HOUR / lasted)

    def is_spike(self, now: datetime, times: int) -> bool:
        return self.hour_micros >= times * max(self.mean(now), LEAST_USUAL)

    def calls_for_pause(self, now: datetime) -> bool:
        """Twenty times the usual hour, of an account that has one."""
        return now - self.since >= _FIRST_DAY and self.is_spike(now, SEVERE_SPIKE)

    def says(self, now: datetime) -> str:
        mean = self.mean(now)
        times = f"{self.hour_micros / mean:,.0f} times its usual hour" if mean else "and nothing before"
        return f"${show_usd(Micros(self.hour_micros))} in the last hour, {times}"


class FirstKind(StrEnum):
    COUNTRY = "country"
    """A call or a text."""
    PRICE = "price"
    """A call at a high price."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where an account called, at so much for the first minute, or wrote to, at nothing."""

    account_id: AccountId
    number: str
    minute_micros: int


@dataclass(frozen=True, slots=True)
class First:
    """An account does something towards a country that it may never have done before."""

    account_id: AccountId
    kind: FirstKind
    country: str


def firsts_of(reached: Iterable[Reached]) -> dict[First, Reached]:
    """What may be told of, each with what it was (FRD-5); the dearest of several."""
    found: dict[First, Reached] = {}
    for each in sorted(reached, key=lambda each: each.minute_micros):
        country = place_of(each.number)
        found[First(each.account_id, FirstKind.COUNTRY, country)] = each
        if each.minute_micros >= HIGH_PRICE:
            found[First(each.account_id, FirstKind.PRICE, country)] = each
    return found


@dataclass(frozen=True, slots=True)
class CallsOfAccount:
    """Of an hour. `refused`: those that we did not let through."""

    account_id: AccountId
    name: str
    calls: int
    refused: int


@dataclass(frozen=True, slots=True)
class TextsOfAccount:
    """Of an hour, those sent whose end is known."""

    account_id: AccountId
    name: str
    ended: int
    delivered: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One receiver of a text that an account sent."""

    account_id: AccountId
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Stranger:
    """A host whose calls were refused before any account was known."""

    host: str
    calls: int
    reasons: Sequence[str]


def spending_alerts(spent: Iterable[SpentByAccount], now: datetime) -> list[Alert]:
    """FRD-5: ten times the usual of an hour, severe from twenty times on."""
    return [
        Alert("spending", each.is_spike(now, SEVERE_SPIKE), each.name, each.says(now), each.account_id)
        for each in spent
        if each.is_spike(now, SPIKE)
    ]


def pumping_alerts(sent: Iterable[Sent]) -> list[Alert]:
    """FRD-6: more than five texts to consecutive numbers, as whoever earns by them asks for."""
    found = []
    for (account_id, name), texts in groupby(
        sorted(sent, key=lambda each: (each.account_id, each.name)), key=lambda each: (each.account_id, each.name)
    ):
        numbers = sorted({int(each.number[1:]) for each in texts if each.number[1:].isdecimal()})
        longest = _longest_row(numbers)
        if longest > MOST_IN_A_ROW:
            says = f"Texts to {longest} numbers in a row within ten minutes"
            found.append(Alert("pumping", True, name, says, account_id))
    return found


def _longest_row(numbers: Sequence[int]) -> int:
    """How many of the sorted numbers follow each other without a gap, at most."""
    longest = row = 0
    before = None
    for number in numbers:
        row = row + 1 if before is not None and number == before + 1 else 1
        longest, before = max(longest, row), number
    return longest


def texts_alerts(sent: Iterable[TextsOfAccount]) -> list[Alert]:
    """FRD-6: less than a tenth of fifty texts or more has arrived."""
    return [
        Alert(
            "delivery", True, each.name, f"{each.delivered} of {each.ended} texts of an hour arrived", each.account_id
        )
        for each in sent
        if each.ended >= FEWEST_TEXTS and each.delivered < LEAST_DELIVERED * each.ended
    ]


def calls_alerts(calls: Iterable[CallsOfAccount]) -> list[Alert]:
    return [
        Alert(
            "refused",
            False,
            each.name,
            f"{each.refused} of {each.calls} calls of an hour were refused",
            each.account_id,
        )
        for each in calls
        if each.calls >= FEWEST_CALLS and each.refused >= MOST_REFUSED * each.calls
    ]


def stranger_alerts(strangers: Iterable[Stranger]) -> list[Alert]:
    return [
        Alert("stranger", False, each.host, f"{each.calls} calls refused in an hour ({', '.join(each.reasons)})")
        for each in strangers
        if each.calls >= FEWEST_STRANGERS
    ]
