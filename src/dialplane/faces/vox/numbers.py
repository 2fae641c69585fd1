"""`/listnewnumbers` and `/purchasenumber` (sections 3.1 and 3.2 of the document)."""

import re

from litestar import HttpMethod, post, route

from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.numbering.numbers import Number, NumberKind, parse_kind
from dialplane.domain.numbering.orders import NumberOrder, Order, OrderStatus
from dialplane.domain.supply.inventory import ItemQuery, Offer
from dialplane.faces.vox.amounts import cost
from dialplane.faces.vox.request import VoxRequest
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.supply.carrier_search import search_everywhere

DID = (NumberKind.LOCAL, NumberKind.MOBILE)
"""The document knows two types: `tollfree`, and `DID` for the rest."""

ACTIONS = ("purchase", "order")
"""The portal calls it Order where documents are required; the number decides, not the word."""

_LIMIT = re.compile(r"(?:([0-9]{1,5})\s*,\s*)?([0-9]{1,4})")
_DEFAULT_LIMIT = "0,20"

Answer = dict[str, object]


@route("/listnewnumbers", http_method=[HttpMethod.GET, HttpMethod.POST], status_code=200)
async def list_new_numbers(request: VoxRequest) -> Answer:
    """Numbers on offer in a country. `limit` is `offset,count`, or a count; both it and the type may be left out,
    because a shell cuts the document's own line at its first `&`."""
    fields = request.fields
    offset, limit = read_limit(fields.get("limit") or _DEFAULT_LIMIT)
    query = ItemQuery(
        country=fields.need("country").upper(),
        kinds=_read_type(fields.get("number_type")),
        limit=limit,
        offset=offset,
    )
    now = await request.billing_now()
    offers = (await search_everywhere(request.database, request.ports.carriers, query, now)).offers
    if not offers:
        raise NotFound("No Data", reason="NO_DATA")
    return {"status": "Success", "count": len(offers), "code": 200, "data": [_show_offer(offer) for offer in offers]}


@post("/purchasenumber", status_code=200)
async def purchase_number(request: VoxRequest) -> Answer:
    """Buy one number. Where documents are required, or the carrier is slow, the number is ordered."""
    action = request.fields.need("action").lower()
    if action not in ACTIONS:
        raise Invalid("action is purchase", field="action")
    wanted = NumberOrder(number=request.spellings("number")[0], idempotency_key=request.idempotency_key)
    got = await buy_number(
        request.database, request.ports.carriers, request.account_id, wanted, await request.billing_now()
    )
    return _show_purchased(got) if isinstance(got, Number) else _show_ordered(got)


def read_limit(text: str) -> tuple[int, int]:
    """Offset and count."""
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise Invalid("limit is offset,count such as 0,20", field="limit")
    return int(found[1] or 0), int(found[2])


def _read_type(text: str) -> tuple[NumberKind, ...]:
    word = text.lower()
    if not word:
        return ()
    return DID if word == "did" else (parse_kind(word, field="number_type"),)


def _show_offer(offer: Offer) -> Answer:
    return {
        "city": offer.locality,
        "state": offer.region or None,
        "number_type": _type_word(offer.kind),
        "docs_required": int(bool(offer.documents_required)),
        "monthly_cost": cost(offer.monthly_micros),
        "setup_cost": cost(offer.setup_micros),
        "sms": int("sms" in offer.capabilities),
        "number": offer.number,
        "pstn": int("voice" in offer.capabilities),
    }


def _show_purchased(number: Number) -> Answer:
    """The portal's words: the document leaves this answer open."""
    data = {
        "number": number.number,
        "status": "Purchased",
        "number_type": _type_word(number.kind),
        "monthly_cost": cost(number.monthly_micros),
        "number_id": str(number.id),
    }
    return {"status": "Success", "code": 200, "message": "the no. is purchased successfully", "data": data}


def _show_ordered(order: Order) -> Answer:
    """Ordered is what the portal shows of it until the documents are verified."""
    waits = order.status is OrderStatus.PENDING
    data = {
        "number": order.number,
        "status": "Ordered",
        "docs_required": int(bool(order.documents)),
        "documents": [document.kind for document in order.documents],
        "monthly_cost": cost(order.monthly_micros),
        "setup_cost": cost(order.setup_micros),
        "order_id": str(order.id),
    }
    message = "documentation required" if waits else "the no. is ordered"
    return {"status": "Success", "code": 200, "message": message, "data": data}


def _type_word(kind: NumberKind) -> str:
    if kind in DID:
        return "did"
    return kind.value.replace("_", "")
