"""Times as text."""

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """`moment` (aware) in UTC with six decimals and `Z`, the one form that every answer and event uses."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"
