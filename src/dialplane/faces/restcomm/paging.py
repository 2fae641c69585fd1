"""Lists: `Page`, `PageSize`, and the members around the rows in each dialect (reference 1.4 and 1.5).

The address of the next page carries, besides the page's number, the last row shown (`PageToken`, in Restcomm's words
`AfterSid`), so that no row is left out or shown twice where rows come or go between two pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import msgspec
from litestar import Response

from dialplane.faces.restcomm.credentials import read_sid
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.rendering import Members, answer, envelope, json_form, xml_list
from dialplane.faces.restcomm.request import RestcommRequest

USUAL_PAGE = 50
LARGEST_PAGE = 1000
"""Twilio's; a larger wish gets this many. Restcomm names no maximum, but every list here has one."""
_LAST_PAGE = 10**9
_TOKENS = ("PageToken", "AfterSid")


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list are asked for."""

    number: int = 0
    size: int = USUAL_PAGE
    after: UUID | None = None
    """The last row of the page before; None: count from the start."""

    @property
    def offset(self) -> int:
        """Rows to leave out, counted from `after` where it is given."""
        return 0 if self.after else self.number * self.size


@dataclass(frozen=True, slots=True)
class Collection:
    """How a list of one kind of resource is called."""

    element: str
    item: str
    """The XML names of the list and of a row."""
    twilio_key: str
    restcomm_key: str = ""
    """"" where Restcomm answers a bare array without paging."""
    prefix: str = ""
    """Of the rows' sids, where the list can go on after a row."""
    other_prefix: str = ""
    """Of some of them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of rows, and how many rows there are in all."""

    rows: Sequence[Members]
    total: int
    more_follow: bool


def read_page(request: RestcommRequest, collection: Collection) -> Page:
    """Raises Invalid naming the parameter."""
    filters = request.filters
    number = filters.number("Page", least=0, most=_LAST_PAGE) or 0
    size = filters.number("PageSize", least=1, most=10**9)
    return Page(number, min(size or USUAL_PAGE, LARGEST_PAGE), _read_token(filters, collection))


def _read_token(filters: Parameters, collection: Collection) -> UUID | None:
    """The row after which the list goes on, where it can; None where no token is given."""
    name = next((name for name in _TOKENS if filters.text(name)), None)
    if name is None or not collection.prefix:
        return None
    sid = filters.text(name).removeprefix("PA")
    after = read_sid(collection.prefix, sid) or read_sid(collection.other_prefix or collection.prefix, sid)
    if after is None:
        raise invalid(name, "is not that of a list's next page")
    return after


def show_list(request: RestcommRequest, collection: Collection, listed: Listed, page: Page) -> Response[bytes]:
    """One page as the dialect shows it. Raises Invalid for a page past the end, where the dialect refuses it."""
    asked = request.asked
    last = listed.total // page.size
    if not asked.dialect.is_twilio and page.after is None and page.number > last:
        raise invalid("Page", f"is past the last page, which is {last}")
    uris = _uris(request, collection, listed, page, last)
    members = _twilio(listed, page, uris) if asked.dialect.is_twilio else _restcomm(listed, page, uris, last)
    if not asked.wants_json:
        attributes = {_XML_NAMES.get(name, name): value for name, value in members.items()}
        return answer(asked, envelope(asked, xml_list(collection.element, collection.item, listed.rows, attributes)))
    rows = [json_form(row) for row in listed.rows]
    if not asked.dialect.is_twilio and not collection.restcomm_key:
        return answer(asked, msgspec.json.encode(rows))
    key = collection.twilio_key if asked.dialect.is_twilio else collection.restcomm_key
    return answer(asked, msgspec.json.encode({**members, key: rows}))


def show_rows(asked: Asked, collection: Collection, rows: Sequence[Members], uri: str) -> Response[bytes]:
    """A list without pages: a bare array in Restcomm's dialect, an object with one list in Twilio's."""
    if not asked.wants_json:
        return answer(asked, envelope(asked, xml_list(collection.element, collection.item, rows)))
    shown = [json_form(row) for row in rows]
    return answer(
        asked, msgspec.json.encode({"uri": uri, collection.twilio_key: shown} if asked.dialect.is_twilio else shown)
    )


_XML_NAMES = {
    "num_pages": "numpages",
    "page_size": "pagesize",
    "first_page_uri": "firstpageuri",
    "previous_page_uri": "previouspageuri",
    "next_page_uri": "nextpageuri",
    "last_page_uri": "lastpageuri",
}


def _restcomm(listed: Listed, page: Page, uris: dict[str, str | None], last: int) -> dict[str, object]:
    start = page.number * page.size
    # On the last page the end counts rows, on the others it is an index: clients have seen it so for years.
    end = start + len(listed.rows) if page.number >= last else start + page.size - 1
    return {
        "page": page.number,
        "num_pages": last,
        "page_size": page.size,
        "total": listed.total,
        "start": str(start),
        "end": str(end),
        **uris,
    }


def _twilio(listed: Listed, page: Page, uris: dict[str, str | None]) -> dict[str, object]:
    start = page.number * page.size
    end = start + max(len(listed.rows) - 1, 0)
    members = {name: uri for name, uri in uris.items() if name != "last_page_uri"}
    return {"page": page.number, "page_size": page.size, "start": start, "end": end, **members}


def _uris(
    request: RestcommRequest, collection: Collection, listed: Listed, page: Page, last: int
) -> dict[str, str | None]:
    asked = request.asked

    def uri(number: int, after: str = "") -> str:
        query = parse_qsl(request.scope["query_string"].decode(), keep_blank_values=True)
        kept = [pair for pair in query if pair[0] not in ("Page", "PageSize", *_TOKENS)]
        kept += [("PageSize", str(page.size)), ("Page", str(number))]
        if after:
            kept.append(("PageToken", f"PA{after}") if asked.dialect.is_twilio else ("AfterSid", after))
        return f"{asked.uri(asked.path)}?{urlencode(kept)}"

    last_sid = str(listed.rows[-1]["sid"]) if listed.rows and collection.prefix else ""
    return {
        "uri": uri(page.number),
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page.number - 1) if page.number else None,
        "next_page_uri": uri(page.number + 1, last_sid) if listed.more_follow else None,
        "last_page_uri": uri(last),
    }
