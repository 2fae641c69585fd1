"""Lists that page by a key: the address holds where the last row ended, so that no page counts or skips rows."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

RowT = TypeVar("RowT")

PAGE = 25
_LONGEST_CURSOR = 400


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """The rows of one page, and the address of the next."""

    rows: Sequence[RowT]
    next_url: str = ""
    first_url: str = ""
    """Back to the beginning; "" on the first page."""


def page_of(
    found: Sequence[RowT],
    key: Callable[[RowT], str],
    *,
    path: str,
    filters: Mapping[str, str],
    cursor: str,
    size: int = PAGE,
) -> Page[RowT]:
    """One page out of `found`, which was asked for one row more than `size`. `key` is what the next page begins
    behind."""
    given = {name: value for name, value in filters.items() if value}
    rows = found[:size]
    first = f"{path}?{urlencode(given)}" if given else path
    if len(found) <= size:
        return Page(rows, first_url=first if cursor else "")
    after = {**given, "after": write_cursor(key(rows[-1]))}
    return Page(rows, next_url=f"{path}?{urlencode(after)}", first_url=first if cursor else "")


def read_moment_cursor(text: str) -> datetime | None:
    """The key of a list that goes by time; None where there is none or it is not one of ours."""
    key = read_cursor(text)
    try:
        moment = datetime.fromisoformat(key) if key else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def write_cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def read_cursor(text: str) -> str:
    """The key; "" where there is none or it is not one of ours: a list then begins anew."""
    if not text or len(text) > _LONGEST_CURSOR:
        return ""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def read_id(text: str) -> UUID | None:
    """None for what is no id."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
