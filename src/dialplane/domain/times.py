"""Times as text."""

from datetime import UTC, datetime
from functools import lru_cache


# What happened at a moment is told in several shapes: most are written again and again.
@lru_cache(maxsize=4096)
def rfc3339(moment: datetime) -> str:
    """`moment` (aware) in UTC with six decimals and `Z`, the one form that every answer and event uses."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def span(seconds: float) -> str:
    """`42 s`, `7 min`, `3 h`, `5 days`, for a person who glances."""
    for length, word in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {word}"
    return f"{max(0, int(seconds))} s"
