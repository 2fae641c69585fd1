"""The lists of `IncomingPhoneNumbers`: filters, order, pages (reference 2.4)."""

from litestar import Response

from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.number_queries import NumberOrdering, NumberQuery
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.number_shapes import ORIGINS, application_ids, number_named, show_number
from dialplane.faces.restcomm.paging import Collection, Listed, Page, read_page, show_list
from dialplane.faces.restcomm.request import RestcommRequest, phone_text
from dialplane.services.numbering.applications import application_names
from dialplane.services.numbering.numbers import search_numbers

ITEM = "IncomingPhoneNumber"
NUMBERS = Collection("IncomingPhoneNumbers", ITEM, "incoming_phone_numbers", "incomingPhoneNumbers", prefix="PN")
LONGEST_NUMBER = 255

_ORDERINGS = {
    "datecreated": NumberOrdering.CREATED,
    "phonenumber": NumberOrdering.NUMBER,
    "friendlyname": NumberOrdering.NAME,
}
_DIRECTIONS = {"asc": False, "desc": True}


async def list_of_numbers(request: RestcommRequest, *kinds: NumberKind) -> Response[bytes]:
    """The account's numbers of these kinds (none: all) that fit the filters, one page of them."""
    page = read_page(request, NUMBERS)
    wanted = _read_origin(request.filters, kinds)
    if wanted is None:
        return show_list(request, NUMBERS, Listed([], 0, more_follow=False), page)
    query = _read_query(request.filters, page, wanted)
    numbers, total = await search_numbers(request.database, request.account_id, query)
    names = await application_names(request.database, application_ids(numbers))
    rows = [show_number(request.asked, number, names) for number in numbers[: page.size]]
    return show_list(request, NUMBERS, Listed(rows, total, more_follow=len(numbers) > page.size), page)


def _read_query(filters: Parameters, page: Page, kinds: tuple[NumberKind, ...]) -> NumberQuery:
    """Raises Invalid naming the parameter."""
    filters.flag("Beta")  # no number here is new to the platform: both values give all
    name = filters.text("FriendlyName") or None
    ordering, descending = _read_ordering(filters)
    in_order_of_creation = ordering is NumberOrdering.CREATED and not descending
    return NumberQuery(
        contains=phone_text(filters.text("PhoneNumber", longest=LONGEST_NUMBER)),
        name=name,
        unnamed=number_named(name) if name else "",
        kinds=kinds,
        ordering=ordering,
        descending=descending,
        after=NumberId(page.after) if page.after and in_order_of_creation else None,
        offset=page.offset if in_order_of_creation else page.number * page.size,
        limit=page.size + 1,
    )


def _read_origin(filters: Parameters, kinds: tuple[NumberKind, ...]) -> tuple[NumberKind, ...] | None:
    """The kinds, of these or of all, that come from where Twilio's `Origin` says; None where none does."""
    origin = filters.text("Origin").lower()
    if not origin:
        return kinds
    if origin not in ORIGINS.values():
        raise invalid("Origin", f"is {' or '.join(ORIGINS.values())}")
    return tuple(kind for kind in kinds or NumberKind if ORIGINS[kind.is_ordinary] == origin) or None


def _read_ordering(filters: Parameters) -> tuple[NumberOrdering, bool]:
    """`SortBy=PhoneNumber&Reverse=true`, or in the newer form `SortBy=PhoneNumber:desc`."""
    field, colon, direction = filters.text("SortBy").lower().partition(":")
    reverse = filters.flag("Reverse") or False
    if not field and not colon:
        return NumberOrdering.CREATED, reverse
    if field not in _ORDERINGS or (colon and direction not in _DIRECTIONS):
        raise invalid("SortBy", "is PhoneNumber, FriendlyName or DateCreated, with :asc or :desc")
    return _ORDERINGS[field], reverse != _DIRECTIONS.get(direction, False)
