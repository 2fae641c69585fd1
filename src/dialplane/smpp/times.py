"""Times of SMPP: absolute, and relative to when the message is taken (SMPP 3.4 section 7.1.1)."""

import re
from datetime import UTC, datetime, timedelta

_FORM = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([+\-R])", re.ASCII)
_QUARTER = timedelta(minutes=15)


def write_time(at: datetime) -> str:
    """An absolute one, in UTC."""
    return f"{at.astimezone(UTC):%y%m%d%H%M%S}{at.microsecond // 100_000}00+"


def read_time(text: str, now: datetime) -> datetime | None:
    """None where it is empty. Raises ValueError."""
    if not text:
        return None
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time of SMPP")
    years, months, days, hours, minutes, seconds, tenths, quarters = map(int, found.groups()[:8])
    sign = found.group(9)
    if sign == "R":
        return now + timedelta(days=365 * years + 30 * months + days, hours=hours, minutes=minutes, seconds=seconds)
    local = datetime(2000 + years, months, days, hours, minutes, seconds, tenths * 100_000, tzinfo=UTC)
    return local - quarters * _QUARTER if sign == "+" else local + quarters * _QUARTER
