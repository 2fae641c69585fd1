"""Buy a number: search, prices, Purchase or Order (VoxCPaaS 3.1 a and 3.2 a)."""

import re
import shlex
from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import uuid4

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.supply.inventory import ItemQuery, Near, Ordering, SortKey
from dialplane.domain.supply.keypad import to_digits
from dialplane.faces.portal.countries import choices
from dialplane.faces.portal.forms import Fields, Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, Page, read_cursor, write_cursor
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.supply.carrier_search import SearchResult, search_everywhere
from dialplane.services.supply.inventory import list_countries

_KINDS: Mapping[str, tuple[NumberKind, ...]] = {
    "did": (NumberKind.LOCAL, NumberKind.MOBILE),
    "tollfree": (NumberKind.TOLL_FREE,),
}
TYPES = (("did", "DID"), ("tollfree", "Tollfree"))
MATCHES = (("contains", "contains"), ("starts", "begins with"), ("ends", "ends with"))
_FILTERS = ("country", "region", "place", "digits", "match", "voice", "sms", "type", "latitude", "longitude", "km")
_DECIMAL = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,10})?")
_WIDEST_KM = 20_000


@page("/projects/{project:uuid}/numbers/buy", deed=Deed.VIEW)
async def show_search(request: PortalRequest) -> Response[str]:
    """The form, and once it was sent what is on offer at this moment."""
    fields = request.fields
    form = typed(fields) if fields.get("type") else Form({"country": "US", "voice": "yes", "type": "did"})
    table: Page[object] | None = None
    is_partial = False
    if fields.get("type"):
        try:
            found = await _search(request)
            table, is_partial = _page(request, found), found.is_partial
        except Invalid as refusal:
            form = form.refuse(refusal, **_NAMES)
    countries = await list_countries(request.database)
    return await show(
        request,
        "buy_number.html",
        form=form,
        table=table,
        is_partial=is_partial,
        countries=choices(countries),
        types=TYPES,
        matches=MATCHES,
        reference=str(uuid4()),
        may_buy=request.member.may(Deed.BUY),
        back=f"{request.url.path}?{request.url.query}",
    )


_NAMES = {
    "starts_with": "digits",
    "ends_with": "digits",
    "contains": "digits",
    "near": "latitude",
    "locality": "place",
}
"""What the form calls a field of the query."""


async def _search(request: PortalRequest) -> SearchResult:
    query = read_query(request.fields)
    return await search_everywhere(request.database, request.ports.carriers, query, await request.billing_now())


def read_query(fields: Fields) -> ItemQuery:
    """Raises Invalid naming the query's field."""
    kinds = _KINDS.get(fields.get("type"))
    if kinds is None:
        raise Invalid("Choose DID or Tollfree", field="type")
    wanted = {name: fields.is_on(name) for name in ("voice", "sms")}
    near = _near(fields)
    where, digits = _digits(fields)
    return ItemQuery(
        country=fields.get("country").upper(),
        kinds=kinds,
        region=fields.get("region"),
        locality=fields.get("place"),
        capabilities=tuple(name for name, is_wanted in wanted.items() if is_wanted),
        near=near,
        order=Ordering.DISTANCE if near else Ordering.NUMBER,
        after=_read_key(read_cursor(fields.get("after"))),
        limit=PAGE,
        starts_with=digits if where == "starts_with" else "",
        contains=digits if where == "contains" else "",
        ends_with=digits if where == "ends_with" else "",
    )


def _digits(fields: Fields) -> tuple[str, str]:
    """Where they stand, and the digits. Letters are those of a keypad; `*` stands for any one digit."""
    text = re.sub(r"[\s().+-]", "", fields.get("digits"))
    where = {"starts": "starts_with", "ends": "ends_with"}.get(fields.get("match"), "contains")
    if not re.fullmatch(r"[0-9A-Za-z*]{0,15}", text):
        raise Invalid("Digits, letters of a keypad, and * for any one digit; 15 at most", field=where)
    return where, to_digits(text)


def _near(fields: Fields) -> Near | None:
    latitude, longitude = fields.get("latitude"), fields.get("longitude")
    if not latitude and not longitude:
        return None
    km = fields.get("km") or "40"
    if not all(map(_DECIMAL.fullmatch, (latitude, longitude))) or not km.isdecimal() or int(km[:6]) > _WIDEST_KM:
        raise Invalid("A place is a latitude and a longitude in degrees, and a distance in km", field="near")
    return Near(float(latitude), float(longitude), float(km))


def _page(request: PortalRequest, found: SearchResult) -> Page[object]:
    given = {name: value for name in _FILTERS if (value := request.fields.get(name))}
    path = request.at("/numbers/buy")
    is_first = not request.fields.get("after")
    next_url = ""
    if found.next_key is not None:
        first, second, number = found.next_key
        next_url = f"{path}?{urlencode({**given, 'after': write_cursor(f'{first!r} {second!r} {number}')})}"
    return Page(list(found.offers), next_url, "" if is_first else f"{path}?{urlencode(given)}")


def _read_key(text: str) -> SortKey | None:
    parts = text.split(" ")
    try:
        return (float(parts[0]), float(parts[1]), parts[2]) if len(parts) == 3 else None
    except ValueError:
        return None


@action("/projects/{project:uuid}/numbers/buy", deed=Deed.BUY)
async def take_purchase(request: PortalRequest) -> Response[str]:
    """Purchase, or Order where documents are required: the number decides which."""
    fields = request.fields
    number = fields.get("number")
    wanted = NumberOrder(
        number=number,
        by=Actor(ActorKind.PERSON, request.person.id),
        idempotency_key=f"portal:{fields.get('reference')[:40]}:{number[:20]}",
    )
    try:
        got = await buy_number(
            request.database, request.ports.carriers, request.account_id, wanted, await request.billing_now()
        )
    except Refusal as refusal:
        return await done(request, request.at("/numbers/buy"), _sentence(number, refusal), kind="bad")
    curl = (
        f"curl -X POST {request.portal.base}/purchasenumber"
        f' -d "projectid={request.account_id}&authtoken=$AUTH_TOKEN&action=purchase"'
        f" --data-urlencode {shlex.quote(f'number={number}')}"
    )
    if isinstance(got, Number):
        return await done(request, request.at(f"/numbers/{got.id}"), "the no. is purchased successfully", curl=curl)
    said = "documentation required" if got.documents else "the no. is ordered; the carrier has not answered yet"
    return await done(request, request.at("/numbers/ordered"), said, curl=curl, kind="wait")


def _sentence(number: str, refusal: Refusal) -> str:
    return f"{number[:20]} was not bought: {refusal.message}"


HANDLERS: list[HTTPRouteHandler] = [show_search, take_purchase]
