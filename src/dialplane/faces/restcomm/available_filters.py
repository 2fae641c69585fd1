"""The filters of `AvailablePhoneNumbers` as a query to the stock (reference 3)."""

import re

from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import MOST_PASSED_OVER, ItemQuery, Near
from dialplane.domain.supply.keypad import to_digits
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.paging import LARGEST_PAGE, USUAL_PAGE
from dialplane.faces.restcomm.request import RestcommRequest, phone_text
from dialplane.services.supply import inventory as service

KM_A_MILE = 1.609344
USUAL_DISTANCE = 25
FARTHEST = 500
"""Miles."""

_CONTAINS = re.compile(r"\+?[0-9A-Z*]{1,15}")
_AREA_CODE = re.compile(r"[0-9]{1,6}")
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,12})?")
_CAPABLE = {
    "VoiceEnabled": "voice",
    "SmsEnabled": "sms",
    "MmsEnabled": "mms",
    "FaxEnabled": "fax",
    "UssdEnabled": "ussd",
}
_UNKNOWN_PLACES = ("InRateCenter", "InLata")
"""The stock knows neither, so nothing is in one."""
_WITHOUT_EFFECT = ("ExcludeLocalAddressRequired", "ExcludeForeignAddressRequired", "Beta")
"""No number here needs an address of a certain country, or is new to the platform."""


async def read_query(request: RestcommRequest, country: str, kind: NumberKind) -> ItemQuery | None:
    """What is looked for; None where nothing can fit. Raises Invalid naming the parameter."""
    filters = request.filters
    starts_with, contains = _read_pattern(filters, shortest=2 if request.dialect.is_twilio else 1)
    area_code = filters.text("AreaCode")
    if area_code and not _AREA_CODE.fullmatch(area_code):
        raise invalid("AreaCode", "is made of digits", reason="AREA_CODE_INVALID")
    if area_code and starts_with:
        contains, starts_with = starts_with, ""
    flags = {capability: filters.flag(name) for name, capability in _CAPABLE.items()}
    for name in _WITHOUT_EFFECT:
        filters.flag(name)
    near, is_somewhere = await _read_near(request, filters)
    query = ItemQuery(
        country=country,
        kinds=(kind,),
        starts_with=starts_with,
        contains=contains,
        area_code=area_code,
        region=filters.text("InRegion", longest=64).upper() if country in ("US", "CA") else filters.text("InRegion"),
        locality=filters.text("InLocality", longest=128),
        postal_code=filters.text("InPostalCode", longest=16),
        capabilities=tuple(name for name, flag in flags.items() if flag),
        incapable_of=tuple(name for name, flag in flags.items() if flag is False),
        without_documents=filters.flag("ExcludeAllAddressRequired") or False,
        near=near,
        limit=_read_size(filters),
        offset=_read_offset(filters),
    )
    return query if is_somewhere and not any(filters.text(name) for name in _UNKNOWN_PLACES) else None


def _read_pattern(filters: Parameters, *, shortest: int) -> tuple[str, str]:
    """What the number begins with and what it contains: digits, letters of a keypad, `*` for any digit.

    Restcomm's own keypad is off by one key; its documentation promises the letters of a telephone.
    """
    text = phone_text(filters.text("Contains")).upper()
    if not text:
        return "", ""
    if not _CONTAINS.fullmatch(text) or len(text) < shortest:
        raise invalid("Contains", f"is {shortest} to 15 digits, letters and * for any digit")
    digits = to_digits(text)
    return (digits[1:], "") if digits.startswith("+") else ("", digits)


async def _read_near(request: RestcommRequest, filters: Parameters) -> tuple[Near | None, bool]:
    """The circle that is asked for, and whether it is known where it lies."""
    miles = filters.number("Distance", least=0, most=FARTHEST)
    distance_km = (USUAL_DISTANCE if miles is None else miles) * KM_A_MILE
    if point := filters.text("NearLatLong"):
        return Near(*_read_point(point), distance_km), True
    number = phone_text(filters.text("NearNumber", longest=32))
    if not number:
        return None, True
    place = await service.locate(request.database, number if number.startswith("+") else f"+{number}")
    return (None, False) if place is None else (Near(*place, distance_km), True)


def _read_point(text: str) -> tuple[float, float]:
    latitude, _, longitude = (part.strip() for part in text.partition(","))
    if not _DEGREES.fullmatch(latitude) or not _DEGREES.fullmatch(longitude):
        raise invalid("NearLatLong", "is a latitude and a longitude in degrees, with a comma between")
    if abs(float(latitude)) > 90 or abs(float(longitude)) > 180:
        raise invalid("NearLatLong", "lies outside of the globe")
    return float(latitude), float(longitude)


def _read_size(filters: Parameters) -> int:
    """`RangeSize`, or in Twilio's words `PageSize`."""
    for name in ("RangeSize", "PageSize"):
        size = filters.number(name, least=1, most=10**9)
        if size is not None:
            return min(size, LARGEST_PAGE)
    return USUAL_PAGE


def _read_offset(filters: Parameters) -> int:
    return filters.number("RangeIndex", least=0, most=MOST_PASSED_OVER) or 0
