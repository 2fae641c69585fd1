"""Search of numbers to buy: `available_numbers`, and the older `number_availables` with its item fields (2.1)."""

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter

from dialplane.domain.errors import Invalid
from dialplane.domain.inventory import ItemQuery, Near
from dialplane.domain.numbers import NumberKind, parse_kind
from dialplane.faces.voipbin.answers import Fields, answers
from dialplane.faces.voipbin.paging import Paging
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services import inventory as service
from dialplane.services.shapes.inventory import show_offer, show_old_offer


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
    documents_required: list[str]


class AvailableNumbers(msgspec.Struct):
    result: list[AvailableNumber]


class OldAvailableNumber(msgspec.Struct):
    """A number that can be bought, in the older form."""

    number: str
    country: str
    type: str
    region: str
    city: str


class OldAvailableNumbers(msgspec.Struct):
    result: list[OldAvailableNumber]


_Type = Annotated[str, QueryParameter(description="normal, virtual, local, toll_free (or toll-free) or mobile")]
_Digits = Annotated[str, QueryParameter(pattern="^[0-9*]{0,15}$", description="Digits, * for any one digit")]
_Text = Annotated[str, QueryParameter(max_length=128)]
_Degrees = Annotated[float | None, QueryParameter(description="With the other coordinate: near this point")]


@get("/available_numbers", responses=answers(AvailableNumbers))
async def list_available_numbers(
    request: ApiRequest,
    page: Paging,
    country_code: Annotated[str, QueryParameter(description="ISO alpha-2; needed unless type is virtual")] = "",
    type: _Type = "normal",
    starts_with: _Digits = "",
    contains: _Digits = "",
    ends_with: _Digits = "",
    area_code: _Digits = "",
    region: _Text = "",
    locality: _Text = "",
    postal_code: _Text = "",
    features: Annotated[str, QueryParameter(description="All of these, e.g. voice,sms")] = "",
    max_monthly_micros: Annotated[int | None, QueryParameter(ge=0, le=10**15)] = None,
    latitude: _Degrees = None,
    longitude: _Degrees = None,
    distance_km: Annotated[float, QueryParameter(gt=0, le=1000)] = 40.0,
) -> Fields:
    """Numbers on offer. The first three parameters are VoIPBIN's; the others narrow the search further."""
    query = ItemQuery(
        country=_country(country_code, type, "country_code"),
        kinds=_kinds(type),
        starts_with=starts_with,
        contains=contains,
        ends_with=ends_with,
        area_code=area_code,
        region=region,
        locality=locality,
        postal_code=postal_code,
        capabilities=tuple(word.strip() for word in features.split(",") if word.strip()),
        max_monthly_micros=max_monthly_micros,
        near=_near(latitude, longitude, distance_km),
        limit=page.limit,
    )
    offers = await service.search(request.database, query, await request.billing_now())
    return {"result": [show_offer(offer) for offer in offers]}


@get("/number_availables", responses=answers(OldAvailableNumbers))
async def list_number_availables(
    request: ApiRequest,
    page: Paging,
    country: Annotated[str, QueryParameter(description="ISO alpha-2; needed unless type is virtual")] = "",
    type: _Type = "normal",
) -> Fields:
    """The older search, with the older item fields."""
    query = ItemQuery(country=_country(country, type, "country"), kinds=_kinds(type), limit=page.limit)
    offers = await service.search(request.database, query, await request.billing_now())
    return {"result": [show_old_offer(offer) for offer in offers]}


def _country(text: str, type: str, field: str) -> str:
    """The country in upper case; "" for virtual numbers, which have none."""
    if type == NumberKind.VIRTUAL:
        return ""
    if not text:
        raise Invalid(f"{field} is needed unless type is virtual", field=field)
    return text.upper()


def _kinds(type: str) -> tuple[NumberKind, ...]:
    """What VoIPBIN calls `normal` is any number of the public network."""
    return () if type in ("", "normal") else (parse_kind(type),)


def _near(latitude: float | None, longitude: float | None, distance_km: float) -> Near | None:
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        raise Invalid("latitude and longitude come together", field="latitude" if latitude is None else "longitude")
    return Near(latitude, longitude, distance_km)


router = Router("/", route_handlers=[list_available_numbers, list_number_availables], tags=["Available numbers"])
