"""Times as text."""

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """`moment` (aware) in UTC with six decimals and `Z`, the one form that every answer and event uses."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
