"""Days and times that clients write where a day alone will do."""

from datetime import UTC, date, datetime

from dialplane.domain.errors import Invalid


def read_moment(text: str | None, *, field: str) -> datetime | None:
    """`2026-03-01T09:00:00Z`, in UTC; a day alone is its beginning in UTC; None and "" are None.

    Raises Invalid naming the field, for a time without a zone too.
    """
    if not text:
        return None
    try:
        if len(text) == len("2026-03-01"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise _not_read(field) from fault
    raise _not_read(field)


def _not_read(field: str) -> Invalid:
    return Invalid(
        f"{field} is a day such as 2026-03-01, or a time with a zone such as 2026-03-01T09:00:00Z",
        reason="INVALID_ARGUMENT",
        field=field,
    )
