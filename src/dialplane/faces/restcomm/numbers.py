"""`IncomingPhoneNumbers`: the numbers that an account holds (reference 2)."""

from litestar import Response, Router, get
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import NumberId
from dialplane.domain.number_queries import NumberOrdering, NumberQuery
from dialplane.domain.numbers import NumberKind
from dialplane.faces.restcomm.credentials import read_sid
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.number_shapes import number_named, show_number
from dialplane.faces.restcomm.paging import Collection, Listed, Page, read_page, show_list
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest, phone_text
from dialplane.services import numbers as service

NUMBERS = Collection(
    "IncomingPhoneNumbers", "IncomingPhoneNumber", "incoming_phone_numbers", "incomingPhoneNumbers", prefix="PN"
)
LONGEST_NUMBER = 255

_ORDERINGS = {
    "datecreated": NumberOrdering.CREATED,
    "phonenumber": NumberOrdering.NUMBER,
    "friendlyname": NumberOrdering.NAME,
}
_DIRECTIONS = {"asc": False, "desc": True}


@get("/")
async def list_numbers(request: RestcommRequest) -> Response[bytes]:
    """All numbers of the account."""
    return await _list(request)


@get("/Local")
async def list_local_numbers(request: RestcommRequest) -> Response[bytes]:
    """Local numbers of the account."""
    return await _list(request, NumberKind.LOCAL)


@get("/TollFree")
async def list_toll_free_numbers(request: RestcommRequest) -> Response[bytes]:
    """Toll-free numbers of the account."""
    return await _list(request, NumberKind.TOLL_FREE)


@get("/Mobile")
async def list_mobile_numbers(request: RestcommRequest) -> Response[bytes]:
    """Mobile numbers of the account."""
    return await _list(request, NumberKind.MOBILE)


@get("/{number_sid:str}")
async def get_number(request: RestcommRequest, number_sid: FromPath[str]) -> Response[bytes]:
    """One number."""
    number = await service.get_number(request.database, request.account_id, _number_id(number_sid))
    return show(request.asked, "IncomingPhoneNumber", show_number(request.asked, number))


async def _list(request: RestcommRequest, *kinds: NumberKind) -> Response[bytes]:
    page = read_page(request, NUMBERS)
    query = _read_query(request.filters, page, kinds)
    numbers, total = await service.search_numbers(request.database, request.account_id, query)
    rows = [show_number(request.asked, number) for number in numbers[: page.size]]
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


def _read_ordering(filters: Parameters) -> tuple[NumberOrdering, bool]:
    """`SortBy=PhoneNumber&Reverse=true`, or in the newer form `SortBy=PhoneNumber:desc`."""
    field, colon, direction = filters.text("SortBy").lower().partition(":")
    reverse = filters.flag("Reverse") or False
    if not field and not colon:
        return NumberOrdering.CREATED, reverse
    if field not in _ORDERINGS or (colon and direction not in _DIRECTIONS):
        raise invalid("SortBy", "is PhoneNumber, FriendlyName or DateCreated, with :asc or :desc")
    return _ORDERINGS[field], reverse != _DIRECTIONS.get(direction, False)


def _number_id(sid: str) -> NumberId:
    number_id = read_sid("PN", sid)
    if number_id is None:
        raise NotFound("There is no such number", reason="NUMBER_NOT_FOUND")
    return NumberId(number_id)


router = Router(
    "/Accounts/{account_sid:str}/IncomingPhoneNumbers",
    route_handlers=[
        list_numbers,
        list_local_numbers,
        list_toll_free_numbers,
        list_mobile_numbers,
        get_number,
    ],
)
