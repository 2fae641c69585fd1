"""How times and ids look in the native (VoIPBIN's) JSON form, in answers and in events alike (reference 1.7)."""

from datetime import datetime
from uuid import UUID

from dialplane.domain.ids import NIL_TEXT, id_text
from dialplane.domain.times import rfc3339


def show_time(moment: datetime | None) -> str | None:
    """`2026-01-15T09:30:00.123456Z`; null where unset."""
    return None if moment is None else rfc3339(moment)


def show_id(value: UUID | None) -> str:
    """The id in lower case; the nil UUID where unset."""
    return NIL_TEXT if value is None else id_text(value)
