"""The two conditions: on a variable's value, and on the date and time (reference 3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from dialplane.domain.flows.options import parse_number

Comparable = TypeVar("Comparable", str, float)


def _holds(left: Comparable, condition: str, right: Comparable) -> bool:
    match condition:
        case "==":
            return left == right
        case "!=":
            return left != right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "<":
            return left < right
        case _:
            return left <= right


_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds, and the comparison in words, for whoever asks why."""

    holds: bool
    why: str


def compare_variable(value: str, condition: str, value_type: str, *, text: str, number: float, length: int) -> Verdict:
    """Compare `value` as its `value_type` says: `string`, `number` or `length`.

    A value that is no number is unlike every number: it fulfils `!=` and nothing else. (A caller who presses
    nothing must not end the run.)
    """
    if value_type == "length":
        return _verdict(f"length {len(value)}", _holds(len(value), condition, length), condition, length)
    if value_type == "string":
        return _verdict(repr(value[:64]), _holds(value, condition, text), condition, repr(text[:64]))
    found = parse_number(value)
    if found is None:
        return _verdict(f"{value[:64]!r} (no number)", condition == "!=", condition, number)
    return _verdict(f"{found:g}", _holds(found, condition, number), condition, f"{number:g}")


def _verdict(left: object, holds: bool, condition: str, right: object) -> Verdict:
    return Verdict(holds, f"{left} {condition} {right} is {'true' if holds else 'false'}")


@dataclass(frozen=True, slots=True)
class Moment:
    """What a `condition_datetime` compares with.

    As the peer documents it: a part below 0 is not compared, nor a day or month of 0; a left-out hour or minute
    counts as 0.
    """

    minute: int = 0
    hour: int = 0
    day: int = 0
    month: int = 0
    weekdays: Sequence[int] = ()
    """0 = Sunday. Empty: any."""


def compare_moment(now: datetime, timezone: str, condition: str, wanted: Moment) -> Verdict:
    """Each given part of the local time must stand in `condition` to the wanted one."""
    local = now.astimezone(ZoneInfo(timezone))
    weekday = local.isoweekday() % 7
    parts = (
        ("month", local.month, wanted.month, wanted.month > 0),
        ("day", local.day, wanted.day, wanted.day > 0),
        ("hour", local.hour, wanted.hour, wanted.hour >= 0),
        ("minute", local.minute, wanted.minute, wanted.minute >= 0),
    )
    told = f"at {local:%Y-%m-%d %H:%M} {timezone} ({_WEEKDAYS[weekday]})"
    for name, actual, value, counts in parts:
        if counts and not _holds(actual, condition, value):
            return Verdict(False, f"{told} {name} {actual} {condition} {value} is false")
    if wanted.weekdays and not _weekday_holds(weekday, condition, wanted.weekdays):
        return Verdict(False, f"{told} weekday {weekday} {condition} {list(wanted.weekdays)} is false")
    return Verdict(True, f"{told} every part is {condition}")


def _weekday_holds(weekday: int, condition: str, wanted: Sequence[int]) -> bool:
    """`!=` means none of the days; any other condition is fulfilled by one of them."""
    if condition == "!=":
        return weekday not in wanted
    return any(_holds(weekday, condition, day) for day in wanted)
