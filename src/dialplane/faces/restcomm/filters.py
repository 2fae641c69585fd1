"""Filters by time and by sid, and the order of lists (reference 1.5, 1.6 and 4.4).

`StartTime=2026-03-01` is that day on Twilio's base; Restcomm has it for the first day and `EndTime` for the last.
`StartTime>=…` and `StartTime<=…`, which arrive as parameters `StartTime>` and `StartTime<`, hold on both: from that day
or moment on, and up to it, the day itself within.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from dialplane.faces.restcomm.credentials import read_sid
from dialplane.faces.restcomm.forms import Parameters, invalid

Times = tuple[datetime | None, datetime | None]
"""From the first on and before the second; None is open."""

Ordering = TypeVar("Ordering")

_LONGEST_TIME = 40
_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)
_DIRECTIONS = {"asc": False, "desc": True}


def read_times(filters: Parameters, name: str) -> Times:
    """What `name`, `name<` and `name>` say together. Raises Invalid naming the parameter."""
    since, until = _read_day(filters, name) or (None, None)
    if (after := _read(filters, f"{name}>")) is not None:
        since = after[0] if since is None else max(since, after[0])
    if (before := _read(filters, f"{name}<")) is not None:
        until = before[1] if until is None else min(until, before[1])
    return since, until


def read_days(filters: Parameters, first: str = "StartTime", last: str = "EndTime") -> Times:
    """Restcomm's form: from the first day to the last, both within."""
    since, until = _read(filters, first), _read(filters, last)
    return None if since is None else since[0], None if until is None else until[1]


def read_order(
    filters: Parameters, orderings: Mapping[str, Ordering], usual: Ordering, names: str
) -> tuple[Ordering, bool]:
    """`SortBy=Field:asc|desc`, in any case: the ordering and whether the greatest comes first.

    Raises Invalid where the field or the direction is not known; `names` are the fields as they are told then.
    """
    text = filters.find("SortBy")
    if text is None:
        return usual, True
    field, colon, direction = text.lower().partition(":")
    if field not in orderings or (colon and direction not in _DIRECTIONS):
        raise invalid("SortBy", f"is one of {names} with :asc or :desc")
    return orderings[field], _DIRECTIONS.get(direction, False)


def sid_filter(filters: Parameters, name: str, prefix: str) -> UUID | None:
    """None where it is left out. Raises Invalid where it is no sid of that kind."""
    text = filters.text(name)
    if not text:
        return None
    found = read_sid(prefix, text)
    if found is None:
        raise invalid(name, f"is a sid: {prefix} and 32 hex digits")
    return found


def _read_day(filters: Parameters, name: str) -> tuple[datetime, datetime] | None:
    """The whole day also of a moment: Twilio's library writes the day that is asked for as its midnight."""
    found = _read(filters, name)
    if found is None:
        return None
    begin = found[0].replace(hour=0, minute=0, second=0, microsecond=0)
    return begin, begin + _DAY


def _read(filters: Parameters, name: str) -> tuple[datetime, datetime] | None:
    """The day or the moment as the times from its beginning to its end; None where it is left out."""
    text = filters.text(name, longest=_LONGEST_TIME).strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        start = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return start, start + (_DAY if len(text) <= len("2026-03-01") else _MOMENT)
    except (ValueError, OverflowError) as fault:
        raise invalid(name, "is a date such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z") from fault
