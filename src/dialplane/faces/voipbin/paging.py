"""Lists: `page_size` and `page_token`, newest first, `{"result": [...], "next_page_token": "..."}` (reference 1.6).

A token is the time of the last row shown. Rows that were made in one request or one batch share their time; where a
page ends among such, the token says how many of them it has shown: `2026-01-15T09:30:00.123456Z~3`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Protocol, TypeVar

from litestar.di import NamedDependency
from litestar.params import QueryParameter

from dialplane.domain.errors import Invalid
from dialplane.domain.times import rfc3339

LARGEST_PAGE = 100
MOST_AT_ONCE = 10_000
"""Rows of one time that a list is read past: what a token can make us fetch is bounded."""
_TICK = timedelta(microseconds=1)
"""The store's resolution."""


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is asked for: `limit` rows that are older than `before`, the first `shown` left out."""

    limit: int = LARGEST_PAGE
    before: datetime | None = None
    shown: int = 0

    @property
    def fetch(self) -> int:
        """One row more than is shown tells whether a page follows."""
        return self.shown + self.limit + 1


def read_page(
    page_size: Annotated[
        int, QueryParameter(description="Rows of a page; 0 and less, and more than 100, give 100.")
    ] = LARGEST_PAGE,
    page_token: Annotated[
        str, QueryParameter(description="`next_page_token` of the page before; empty for the first page.")
    ] = "",
) -> Page:
    """The page of a request.

    Raises Invalid where the token is no time.
    """
    limit = page_size if 1 <= page_size <= LARGEST_PAGE else LARGEST_PAGE
    if not page_token:
        return Page(limit)
    try:
        return _after(page_token, limit)
    except (ValueError, OverflowError) as fault:
        raise Invalid(
            "page_token is not the next_page_token of a list", reason="INVALID_REQUEST_PARAMETER", field="page_token"
        ) from fault


def _after(token: str, limit: int) -> Page:
    time, _, count = token.partition("~")
    moment = datetime.fromisoformat(time)
    # The old form has no zone and means UTC; a moment at the edge of the calendar has no UTC.
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if not count:
        return Page(limit, moment)
    shown = int(count)
    if not 0 < shown <= MOST_AT_ONCE:
        raise ValueError(f"{shown} rows of one time")
    return Page(limit, moment + _TICK, shown)


Paging = NamedDependency[Page]
"""What a handler of a list declares: `page: Paging`."""


class Dated(Protocol):
    @property
    def created_at(self) -> datetime: ...


Row = TypeVar("Row", bound=Dated)


def show_page(rows: Sequence[Row], show: Callable[[Row], object], page: Page) -> dict[str, object]:
    """One page of what was fetched with `page.fetch`; the token of the last page is empty."""
    end = page.shown + page.limit
    more_follow = len(rows) > end
    return {
        "result": [show(row) for row in rows[page.shown : end]],
        "next_page_token": _token(rows, end) if more_follow else "",
    }


def _token(rows: Sequence[Dated], end: int) -> str:
    """What follows `rows[:end]`; `rows[end]` is there."""
    last = rows[end - 1].created_at
    time = rfc3339(last)
    if rows[end].created_at != last:
        return time
    return f"{time}~{sum(row.created_at == last for row in rows[:end])}"
