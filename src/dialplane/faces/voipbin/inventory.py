"""Search of numbers to buy: `available_numbers`, and the older `number_availables` with its item fields (2.1)."""

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.di import Provide
from litestar.params import QueryParameter

from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.numbers import NumberKind, parse_kind
from dialplane.domain.supply.inventory import ItemQuery
from dialplane.faces.voipbin.answers import Fields, answers
from dialplane.faces.voipbin.paging import Paging
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.search_filters import Wanted, read_filters, show_token
from dialplane.services.shapes.inventory import show_offer, show_old_offer
from dialplane.services.supply import inventory as service
from dialplane.services.supply.carrier_search import search_everywhere


class AvailableNumber(msgspec.Struct):
    """A number that can be bought."""

    number: str
    country: str
    region: str
    postal_code: str
    features: list[str]
    number_type: str
    locality: str
    latitude: float | None
    longitude: float | None
    setup_micros: int
    monthly_micros: int
    total_micros: int
    documents_required: list[str]
    distance_km: float | None


class AskedCarrier(msgspec.Struct):
    """A carrier that was asked what it has: answered, timed_out or failed."""

    name: str
    reply: str


class AvailableNumbers(msgspec.Struct):
    """One page, in the order asked for; `next_page_token` is empty on the last one."""

    result: list[AvailableNumber]
    next_page_token: str
    partial: bool
    carriers: list[AskedCarrier]


class OldAvailableNumber(msgspec.Struct):
    """A number that can be bought, in the older form."""

    number: str
    country: str
    type: str
    region: str
    city: str


class OldAvailableNumbers(msgspec.Struct):
    result: list[OldAvailableNumber]


@get("/available_numbers", responses=answers(AvailableNumbers))
async def list_available_numbers(request: ApiRequest, sought: Wanted) -> Fields:
    """Numbers on offer, our own and those of the carriers that can be asked. `partial` says that one of these did not
    answer and may have more."""
    query = sought.query
    if sought.near_number:
        place = await service.locate(request.database, sought.near_number)
        if place is None:
            raise Invalid("It is not known where near_number is", field="near_number")
        query = sought.near(*place)
    found = await search_everywhere(request.database, request.ports.carriers, query, await request.billing_now())
    return {
        "result": [show_offer(offer, query.near) for offer in found.offers],
        "next_page_token": show_token(query, found.next_key),
        "partial": found.is_partial,
        "carriers": [{"name": name, "reply": reply.value} for name, reply in found.carriers.items()],
    }


@get("/number_availables", responses=answers(OldAvailableNumbers))
async def list_number_availables(
    request: ApiRequest,
    page: Paging,
    country: Annotated[str, QueryParameter(description="ISO alpha-2; needed unless type is virtual")] = "",
    type: Annotated[
        str, QueryParameter(description="normal, virtual, local, toll_free (or toll-free) or mobile")
    ] = "normal",
) -> Fields:
    """The older search, with the older item fields."""
    kinds = () if type in ("", "normal") else (parse_kind(type),)
    if not country and type != NumberKind.VIRTUAL:
        raise Invalid("country is needed unless type is virtual", field="country")
    query = ItemQuery(country="" if type == NumberKind.VIRTUAL else country.upper(), kinds=kinds, limit=page.limit)
    found = await search_everywhere(request.database, request.ports.carriers, query, await request.billing_now())
    return {"result": [show_old_offer(offer) for offer in found.offers]}


router = Router(
    "/",
    route_handlers=[list_available_numbers, list_number_availables],
    dependencies={"sought": Provide(read_filters, sync_to_thread=False)},
    tags=["Available numbers"],
)
