"""Times as people write and read them: their own zone's in forms, spans in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dialplane.domain.errors import Invalid

_MINUTE, _HOUR = 60, 3600


def read_local(text: str, zone: str, *, field: str) -> datetime | None:
    """What a field of type `datetime-local` sends, in the person's zone; None where it is empty. Raises Invalid."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("A time is written such as 2026-01-31T13:45", field=field) from None


def show_span(span: timedelta | float) -> str:
    """`7 s`, `3 min 20 s`, `1 h 4 min`."""
    seconds = round(span.total_seconds() if isinstance(span, timedelta) else span)
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE} s"
    return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min"


def show_clock(seconds: float) -> str:
    """`0:07.250`: a place in a call or recording."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // _MINUTE}:{whole % _MINUTE:02}.{milliseconds:03}"
