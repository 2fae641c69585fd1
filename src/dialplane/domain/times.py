"""Times as text."""

from datetime import UTC, datetime
from functools import lru_cache


def rfc3339(moment: datetime) -> str:
    """`moment` (aware) in UTC with six decimals and `Z`, the one form that every answer and event uses."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    second = _second(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    return f"{second}.{moment.microsecond:06}Z"


# Most moments that are told are of the last few seconds, and `isoformat` takes longer than all else of this.
@lru_cache(maxsize=256)
def _second(year: int, month: int, day: int, hour: int, minute: int, second: int) -> str:
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"


def span(seconds: float) -> str:
    """`42 s`, `7 min`, `3 h`, `5 days`, for a person who glances."""
    for length, word in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {word}"
    return f"{max(0, int(seconds))} s"
