"""Buy a number: search, prices, Purchase or Order (VoxCPaaS 3.1 a and 3.2 a)."""

import re
import shlex
from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID, uuid4

import phonenumbers
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.money import usd
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.supply.inventory import ItemQuery, Near, Ordering, SortKey
from dialplane.domain.supply.keypad import to_digits
from dialplane.faces.portal.countries import choices
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Fields, Form, typed
from dialplane.faces.portal.pages.getting_in import safe
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, Page, read_cursor, write_cursor
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.supply.carrier_search import SearchResult, reserve_anywhere, search_everywhere
from dialplane.services.supply.inventory import give_back, list_countries, list_reservations, locate

_KINDS: Mapping[str, tuple[NumberKind, ...]] = {
    "did": (NumberKind.LOCAL, NumberKind.MOBILE),
    "tollfree": (NumberKind.TOLL_FREE,),
    "virtual": (NumberKind.VIRTUAL,),
}
TYPES = (("did", "DID"), ("tollfree", "Tollfree"), ("virtual", "Virtual (free, reached inside only)"))
ORDERS = (("number", "number"), ("price", "price"))
MATCHES = (("contains", "contains"), ("starts", "begins with"), ("ends", "ends with"))
_FILTERS = (
    "country", "region", "place", "digits", "match", "voice", "sms", "type", "near_number", "latitude", "longitude",
    "km", "max_monthly", "max_setup", "at_once", "order",
)  # fmt: skip
_PRICE = re.compile(r"\$?\s*([0-9]{1,6}(?:\.[0-9]{1,4})?)")
_DECIMAL = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,10})?")
_WIDEST_KM = 20_000
_SHOWN_RESERVATIONS = 20


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
        orders=ORDERS,
        reservations=await list_reservations(
            request.database, request.account_id, await request.billing_now(), limit=_SHOWN_RESERVATIONS
        ),
        reference=str(uuid4()),
        may_buy=request.member.may(Deed.BUY),
        back=f"{request.url.path}?{request.url.query}",
    )


_NAMES = {
    "starts_with": "digits",
    "ends_with": "digits",
    "contains": "digits",
    "near": "latitude",
    "area_code": "digits",
    "locality": "place",
    "max_monthly_micros": "max_monthly",
    "max_setup_micros": "max_setup",
}
"""What the form calls a field of the query."""


async def _search(request: PortalRequest) -> SearchResult:
    query = read_query(request.fields, near=await _near_number(request))
    return await search_everywhere(request.database, request.ports.carriers, query, await request.billing_now())


async def _near_number(request: PortalRequest) -> Near | None:
    """Where a number is at home, for "near this one". Raises Invalid (`near_number`)."""
    text = request.fields.get("near_number")
    if not text:
        return None
    place = await locate(request.database, normalize_tel(text, field="near_number"))
    if place is None:
        raise Invalid("We do not know where that number is at home", field="near_number")
    return Near(*place, _distance(request.fields))


def read_query(fields: Fields, *, near: Near | None = None) -> ItemQuery:
    """`near` goes before a point that was typed. Raises Invalid naming the query's field."""
    kinds = _KINDS.get(fields.get("type"))
    if kinds is None:
        raise Invalid("Choose DID, Tollfree or Virtual", field="type")
    wanted = {name: fields.is_on(name) for name in ("voice", "sms")}
    near = near or _near(fields)
    country = fields.get("country").upper()
    where, digits = _digits(fields, country)
    if kinds == _KINDS["virtual"]:
        return ItemQuery(kinds=kinds, limit=PAGE)
    return ItemQuery(
        country=country,
        kinds=kinds,
        region=fields.get("region"),
        locality=fields.get("place"),
        capabilities=tuple(name for name, is_wanted in wanted.items() if is_wanted),
        near=near,
        order=_order(fields, near),
        without_documents=fields.is_on("at_once"),
        max_monthly_micros=_price(fields, "max_monthly"),
        max_setup_micros=_price(fields, "max_setup"),
        area_code=digits if where == "area_code" else "",
        after=_read_key(read_cursor(fields.get("after"))),
        limit=PAGE,
        starts_with=digits if where == "starts_with" else "",
        contains=digits if where == "contains" else "",
        ends_with=digits if where == "ends_with" else "",
    )


def _order(fields: Fields, near: Near | None) -> Ordering:
    if fields.get("order") == "price":
        return Ordering.PRICE
    return Ordering.DISTANCE if near else Ordering.NUMBER


def _digits(fields: Fields, country: str) -> tuple[str, str]:
    """Where they stand, and the digits. Letters are those of a keypad; `*` stands for any one digit.

    Numbers begin with what people dial in the country, or with its calling code.
    """
    text = re.sub(r"[\s().+-]", "", fields.get("digits"))
    where = {"starts": "starts_with", "ends": "ends_with"}.get(fields.get("match"), "contains")
    if not re.fullmatch(r"[0-9A-Za-z*]{0,15}", text):
        raise Invalid("Digits, letters of a keypad, and * for any one digit; 15 at most", field=where)
    digits = to_digits(text)
    if where == "starts_with" and digits and not digits.startswith(_calling_code(country)):
        where = "area_code"
    return where, digits


def _calling_code(country: str) -> str:
    return str(phonenumbers.country_code_for_region(country) or "")


def _near(fields: Fields) -> Near | None:
    latitude, longitude = fields.get("latitude"), fields.get("longitude")
    if not latitude and not longitude:
        return None
    if not all(map(_DECIMAL.fullmatch, (latitude, longitude))):
        raise Invalid("A place is a latitude and a longitude in degrees", field="near")
    return Near(float(latitude), float(longitude), _distance(fields))


def _distance(fields: Fields) -> float:
    """In km; 40 where nothing is said. Raises Invalid (`km`)."""
    km = fields.get("km") or "40"
    if not km.isdecimal() or not 1 <= int(km[:6]) <= _WIDEST_KM:
        raise Invalid(f"A distance is 1 to {_WIDEST_KM} km", field="km")
    return float(km)


def _price(fields: Fields, name: str) -> int | None:
    """In USD. Raises Invalid."""
    text = fields.get(name)
    if not text:
        return None
    found = _PRICE.fullmatch(text)
    if found is None:
        raise Invalid("Enter an amount in USD such as 2.50", field=name)
    return usd(found[1])


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


@action("/projects/{project:uuid}/numbers/reservations", deed=Deed.BUY)
async def take_reservation(request: PortalRequest) -> Response[str]:
    """Keep a number for half an hour."""
    number = request.fields.get("number")
    path = safe(request.fields.get("back")) or request.at("/numbers/buy")
    try:
        kept = await reserve_anywhere(
            request.database, request.ports.carriers, request.account_id, number, await request.billing_now()
        )
    except Refusal as refusal:
        return await done(request, path, f"{number[:20]} was not reserved: {refusal.message}", kind="bad")
    curl = json_curl(request, "POST", "/v1.0/reservations", {"number": kept.number})
    return await done(request, path, f"{kept.number} is kept for you for half an hour.", curl=curl)


@action("/projects/{project:uuid}/numbers/reservations/{reservation:uuid}/end", deed=Deed.BUY)
async def end_reservation(request: PortalRequest, reservation: FromPath[UUID]) -> Response[str]:
    path = safe(request.fields.get("back")) or request.at("/numbers/buy")
    try:
        ended = await give_back(request.database, request.account_id, reservation, await request.billing_now())
    except Refusal as refusal:
        return await done(request, path, refusal.message, kind="bad")
    curl = json_curl(request, "DELETE", f"/v1.0/reservations/{reservation}")
    return await done(request, path, f"{ended.number} is on offer again.", curl=curl)


def _sentence(number: str, refusal: Refusal) -> str:
    return f"{number[:20]} was not bought: {refusal.message}"


HANDLERS: list[HTTPRouteHandler] = [show_search, take_purchase, take_reservation, end_reservation]
