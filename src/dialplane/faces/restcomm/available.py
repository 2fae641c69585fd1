"""`AvailablePhoneNumbers`: what can be bought, and in which countries (reference 3)."""

from collections.abc import Sequence

import msgspec
import phonenumbers
from litestar import Response, Router, get
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.money import show_usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import ItemQuery, Offer
from dialplane.faces.restcomm.available_filters import read_query
from dialplane.faces.restcomm.credentials import RESOURCE
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.number_shapes import CAPABILITIES, formatted
from dialplane.faces.restcomm.paging import Collection, show_rows
from dialplane.faces.restcomm.rendering import Members, answer, envelope, show, xml_element
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.supply import inventory as service
from dialplane.services.supply.carrier_search import search_everywhere

NUMBERS = Collection("AvailablePhoneNumbers", "AvailablePhoneNumber", "available_phone_numbers")
COUNTRIES = Collection("Countries", "Country", "countries")

KINDS = {"Local": NumberKind.LOCAL, "TollFree": NumberKind.TOLL_FREE, "Mobile": NumberKind.MOBILE}
_EMPTY_TYPES = frozenset({"National", "Voip", "SharedCost", "MachineToMachine"})
"""Twilio's further types, of which no carrier here has numbers."""


@get("/AvailablePhoneNumbers/{country:str}/{kind:str}")
async def list_available_numbers(
    request: RestcommRequest, country: FromPath[str], kind: FromPath[str]
) -> Response[bytes]:
    """Numbers on offer that fit the filters."""
    asked = request.asked
    if kind not in KINDS and not (kind in _EMPTY_TYPES and asked.dialect.is_twilio):
        raise NotFound("There is no such type of numbers")
    offers: Sequence[Offer] = []
    if _is_known(asked, country) and kind in KINDS:
        query = await read_query(request, country.upper(), KINDS[kind])
        offers = [] if query is None else await _search(request, query)
    rows = [_show_offer(asked, offer) for offer in offers]
    return show_rows(asked, NUMBERS, rows, asked.uri(asked.path))


async def _search(request: RestcommRequest, query: ItemQuery) -> Sequence[Offer]:
    """What the carriers that answer have is among them; neither dialect has a word for those that do not."""
    now = await request.billing_now()
    return (await search_everywhere(request.database, request.ports.carriers, query, now)).offers


@get("/AvailablePhoneNumbers")
async def list_countries(request: RestcommRequest) -> Response[bytes]:
    """Countries that have numbers on offer."""
    countries = await service.list_countries(request.database)
    rows = [_show_country(request, country, kinds) for country, kinds in countries.items()]
    return show_rows(request.asked, COUNTRIES, rows, request.asked.uri(request.asked.path))


@get("/AvailablePhoneNumbers/{country:str}")
async def get_country(request: RestcommRequest, country: FromPath[str]) -> Response[bytes]:
    """One country that has numbers on offer."""
    kinds = (await service.list_countries(request.database)).get(country.upper())
    if kinds is None:
        raise NotFound("No numbers are on offer in this country")
    return show(request.asked, "Country", _show_country(request, country.upper(), kinds))


@get("/IncomingPhoneNumbers/AvailableCountries")
async def list_country_codes(request: RestcommRequest) -> Response[bytes]:
    """Restcomm's list of countries: codes only."""
    countries = list(await service.list_countries(request.database))
    if request.asked.wants_json:
        return answer(request.asked, msgspec.json.encode(countries))
    codes = "".join(xml_element("IsoCountry", country) for country in countries)
    return answer(request.asked, envelope(request.asked, f"<AvailableCountries>{codes}</AvailableCountries>"))


def _is_known(asked: Asked, country: str) -> bool:
    """Whether there is such a country; in Restcomm's dialect one that is not has no numbers. Raises NotFound."""
    known = phonenumbers.country_code_for_region(country.upper()) != 0
    if not known and asked.dialect.is_twilio:
        raise NotFound("There is no such country")
    return known


def _show_country(request: RestcommRequest, country: str, kinds: Sequence[NumberKind]) -> Members:
    asked = request.asked
    path = f"/Accounts/{request.account_sid}/AvailablePhoneNumbers/{country}"
    words = {kind: word for word, kind in KINDS.items()}
    return {
        "country_code": country,
        "country": country,
        "uri": asked.uri(path),
        "beta": False,
        "subresource_uris": {kind.value: asked.uri(f"{path}/{words[kind]}") for kind in kinds},
    }


def _show_offer(asked: Asked, offer: Offer) -> Members:
    has = {name: name in offer.capabilities for name in CAPABILITIES}
    if asked.dialect.is_twilio:
        return {
            "friendly_name": formatted(offer.number),
            "phone_number": offer.number,
            "lata": None,
            "locality": offer.locality or None,
            "rate_center": None,
            "latitude": _degrees(offer.latitude),
            "longitude": _degrees(offer.longitude),
            "region": offer.region or None,
            "postal_code": offer.postal_code or None,
            "iso_country": offer.country,
            "address_requirements": "any" if "proof_of_address" in offer.documents_required else "none",
            "beta": False,
            "capabilities": {"voice": has["voice"], "SMS": has["sms"], "MMS": has["mms"], "fax": has["fax"]},
        }
    members: dict[str, object] = {
        "friendlyName": formatted(offer.number),
        "phoneNumber": offer.number,
        "latitude": offer.latitude,
        "longitude": offer.longitude,
        "region": offer.region or None,
        "postalCode": int(offer.postal_code) if _is_whole(offer.postal_code) else offer.postal_code or None,
        "isoCountry": offer.country,
    }
    if asked.wants_json:
        members["cost"] = show_usd(offer.monthly_micros)
        members |= {f"{name}Capable": value for name, value in has.items()} | {"ussdCapable": False}
    else:
        members["capabilities"] = has
    return {name: value for name, value in members.items() if value is not None}


def _is_whole(text: str) -> bool:
    """Whether nothing is lost when the text is read as a number."""
    return text.isascii() and text.isdigit() and not text.startswith("0")


def _degrees(value: float | None) -> str | None:
    return None if value is None else f"{value:.6f}"


router = Router(
    "/Accounts/{account_sid:str}",
    route_handlers=[list_available_numbers, list_countries, get_country, list_country_codes],
    opt={RESOURCE: "AvailablePhoneNumbers"},
)
