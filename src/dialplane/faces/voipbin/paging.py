"""Lists: `page_size` and `page_token`, newest first, `{"result": [...], "next_page_token": "..."}` (reference 1.6)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Protocol, TypeVar

from litestar.di import NamedDependency
from litestar.params import QueryParameter

from dialplane.domain.errors import Invalid
from dialplane.services.shapes.common import show_time

LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is asked for: `limit` rows that are older than `before`."""

    limit: int = LARGEST_PAGE
    before: datetime | None = None

    @property
    def fetch(self) -> int:
        """One row more than is shown tells whether a page follows."""
        return self.limit + 1


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
    return Page(limit, _read_token(page_token) if page_token else None)


def _read_token(token: str) -> datetime:
    try:
        moment = datetime.fromisoformat(token)
        # The old form has no zone and means UTC; a moment at the edge of the calendar has no UTC.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise Invalid(
            "page_token is not the next_page_token of a list", reason="INVALID_REQUEST_PARAMETER", field="page_token"
        ) from fault


Paging = NamedDependency[Page]
"""What a handler of a list declares: `page: Paging`."""


class Dated(Protocol):
    @property
    def created_at(self) -> datetime: ...


Row = TypeVar("Row", bound=Dated)


def show_page(rows: Sequence[Row], show: Callable[[Row], object], page: Page) -> dict[str, object]:
    """One page of what was fetched with `page.fetch`; the token of the last page is empty."""
    shown = rows[: page.limit]
    more_follow = len(rows) > page.limit
    return {
        "result": [show(row) for row in shown],
        "next_page_token": show_time(shown[-1].created_at) if more_follow else "",
    }
