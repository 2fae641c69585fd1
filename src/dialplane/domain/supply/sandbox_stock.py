"""The simulated carrier's stock: numbers that do not exist, of shapes that do, the same on every machine.

Areas, prefixes and lengths are those of the national numbering plans; `phonenumbers` has the last word on every number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

import phonenumbers
from phonenumbers import PhoneNumberType

from dialplane.domain.money import Micros, usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import NewItem

COUNTRIES = ("US", "CA", "GB", "DE", "FR", "KR", "JP", "BR", "IN", "AU")

_TYPES = {
    NumberKind.LOCAL: (PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE),
    NumberKind.MOBILE: (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE),
    NumberKind.TOLL_FREE: (PhoneNumberType.TOLL_FREE,),
}
_ADDRESS = ("proof_of_address",)
_IDENTITY = ("proof_of_identity", "proof_of_address")

Place = tuple[str, str, str, float, float]
"""Region, locality, postal code, latitude, longitude."""


@dataclass(frozen=True, slots=True)
class Area:
    """A block of the stock: `count` numbers that begin with `prefix`, `digits` long after the country code."""

    country: str
    kind: NumberKind
    prefix: str
    digits: int
    count: int
    monthly: str
    """In USD."""
    place: Place | None = None
    setup: str = "0"
    documents: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ("voice", "sms")


def _local(
    country: str, prefix: str, digits: int, monthly: str, *place: str | float, documents: tuple[str, ...] = ()
) -> Area:
    region, locality, postal_code, latitude, longitude = place
    where = (str(region), str(locality), str(postal_code), float(latitude), float(longitude))
    count = 80 if country == "US" else 50
    capabilities = ("voice", "sms", "mms", "fax") if country in ("US", "CA") else ("voice", "fax")
    return Area(country, NumberKind.LOCAL, prefix, digits, count, monthly, where, "0", documents, capabilities)


def _toll_free(country: str, prefix: str, digits: int, monthly: str) -> Area:
    capabilities = ("voice", "sms") if country in ("US", "CA") else ("voice",)
    return Area(country, NumberKind.TOLL_FREE, prefix, digits, 40, monthly, None, "1.00", (), capabilities)


def _mobile(country: str, prefix: str, digits: int, monthly: str, documents: tuple[str, ...] = ()) -> Area:
    return Area(country, NumberKind.MOBILE, prefix, digits, 50, monthly, None, "0", documents)


AREAS = (
    _local("US", "415", 10, "1.00", "CA", "San Francisco", "94103", 37.7749, -122.4194),
    _local("US", "310", 10, "1.00", "CA", "Beverly Hills", "90210", 34.0736, -118.4004),
    _local("US", "619", 10, "1.00", "CA", "San Diego", "92101", 32.7157, -117.1611),
    _local("US", "212", 10, "1.50", "NY", "New York", "10001", 40.7506, -73.9971),
    _local("US", "585", 10, "1.00", "NY", "Rochester", "14604", 43.1566, -77.6088),
    _local("US", "312", 10, "1.00", "IL", "Chicago", "60601", 41.8853, -87.6216),
    _local("US", "206", 10, "1.00", "WA", "Seattle", "98101", 47.6114, -122.3305),
    _local("US", "512", 10, "1.00", "TX", "Austin", "78701", 30.2713, -97.7426),
    _local("US", "713", 10, "1.00", "TX", "Houston", "77002", 29.7563, -95.3655),
    _local("US", "305", 10, "1.00", "FL", "Miami", "33130", 25.7671, -80.2059),
    _local("US", "617", 10, "1.00", "MA", "Boston", "02108", 42.3576, -71.0653),
    _local("US", "202", 10, "1.25", "DC", "Washington", "20001", 38.9122, -77.0177),
    _local("US", "303", 10, "1.00", "CO", "Denver", "80202", 39.7518, -104.9966),
    _local("US", "404", 10, "1.00", "GA", "Atlanta", "30303", 33.7529, -84.3925),
    _toll_free("US", "800", 10, "2.00"),
    _toll_free("US", "833", 10, "2.00"),
    _toll_free("US", "844", 10, "2.00"),
    _toll_free("US", "888", 10, "2.00"),
    _local("CA", "416", 10, "1.00", "ON", "Toronto", "M5H", 43.6511, -79.3817),
    _local("CA", "514", 10, "1.00", "QC", "Montreal", "H3B", 45.5005, -73.5684),
    _local("CA", "604", 10, "1.00", "BC", "Vancouver", "V6B", 49.2788, -123.1139),
    _local("CA", "403", 10, "1.00", "AB", "Calgary", "T2P", 51.0478, -114.0593),
    _toll_free("CA", "877", 10, "2.00"),
    _local("GB", "20", 10, "1.15", "England", "London", "EC1A", 51.5200, -0.0970),
    _local("GB", "161", 10, "1.15", "England", "Manchester", "M1", 53.4808, -2.2426),
    _local("GB", "121", 10, "1.15", "England", "Birmingham", "B1", 52.4796, -1.9030),
    _local("GB", "131", 10, "1.15", "Scotland", "Edinburgh", "EH1", 55.9533, -3.1883),
    _toll_free("GB", "800", 10, "2.15"),
    _mobile("GB", "7400", 10, "1.15"),
    _local("DE", "30", 10, "1.15", "Berlin", "Berlin", "10117", 52.5170, 13.3889, documents=_ADDRESS),
    _local("DE", "89", 10, "1.15", "Bavaria", "Munich", "80331", 48.1351, 11.5820, documents=_ADDRESS),
    _local("DE", "40", 10, "1.15", "Hamburg", "Hamburg", "20095", 53.5503, 10.0007),
    _local("DE", "69", 10, "1.15", "Hesse", "Frankfurt am Main", "60311", 50.1109, 8.6821),
    _toll_free("DE", "800", 10, "3.00"),
    _mobile("DE", "1511", 11, "2.00", _IDENTITY),
    _local("FR", "1", 9, "1.15", "Ile-de-France", "Paris", "75001", 48.8625, 2.3364),
    _local("FR", "478", 9, "1.15", "Auvergne-Rhone-Alpes", "Lyon", "69001", 45.7690, 4.8350, documents=_ADDRESS),
    _local("FR", "491", 9, "1.15", "Provence-Alpes-Cote d'Azur", "Marseille", "13001", 43.2999, 5.3828),
    _toll_free("FR", "805", 9, "3.00"),
    _mobile("FR", "612", 9, "2.00", _IDENTITY),
    _local("KR", "2", 9, "2.50", "Seoul", "Seoul", "04524", 37.5665, 126.9780),
    _local("KR", "51", 9, "2.50", "Busan", "Busan", "47545", 35.1796, 129.0756),
    _toll_free("KR", "80", 9, "5.00"),
    _mobile("KR", "10", 10, "4.00", _IDENTITY),
    _local("JP", "3", 9, "4.50", "Tokyo", "Tokyo", "100-0001", 35.6841, 139.7520, documents=_IDENTITY),
    _local("JP", "6", 9, "4.50", "Osaka", "Osaka", "530-0001", 34.7025, 135.4959),
    _toll_free("JP", "120", 9, "15.00"),
    _mobile("JP", "90", 10, "6.00", _IDENTITY),
    _local("BR", "11", 10, "2.00", "SP", "Sao Paulo", "01310", -23.5614, -46.6559),
    _local("BR", "21", 10, "2.00", "RJ", "Rio de Janeiro", "20040", -22.9068, -43.1729, documents=_ADDRESS),
    _toll_free("BR", "800", 10, "5.00"),
    _mobile("BR", "119", 11, "3.00"),
    _local("IN", "22", 10, "3.00", "MH", "Mumbai", "400001", 18.9388, 72.8354, documents=_IDENTITY),
    _local("IN", "11", 10, "3.00", "DL", "New Delhi", "110001", 28.6328, 77.2197),
    _local("IN", "80", 10, "3.00", "KA", "Bengaluru", "560001", 12.9763, 77.5929),
    _toll_free("IN", "1800", 10, "6.00"),
    _mobile("IN", "98", 10, "4.00", _IDENTITY),
    _local("AU", "2", 9, "2.50", "NSW", "Sydney", "2000", -33.8688, 151.2093),
    _local("AU", "3", 9, "2.50", "VIC", "Melbourne", "3000", -37.8136, 144.9631),
    _toll_free("AU", "1800", 10, "8.00"),
    _mobile("AU", "4", 9, "4.00"),
)

SHELF = (
    _local("US", "646", 10, "1.75", "NY", "New York", "10011", 40.7420, -74.0007),
    _local("US", "720", 10, "1.10", "CO", "Denver", "80203", 39.7313, -104.9829),
    _local("US", "857", 10, "1.10", "MA", "Boston", "02110", 42.3570, -71.0518),
    _toll_free("US", "855", 10, "2.50"),
    _local("CA", "647", 10, "1.20", "ON", "Toronto", "M5V", 43.6426, -79.3871),
    _local("GB", "113", 10, "1.25", "England", "Leeds", "LS1", 53.7974, -1.5438),
    _local("DE", "221", 10, "1.25", "North Rhine-Westphalia", "Cologne", "50667", 50.9384, 6.9600, documents=_ADDRESS),
    _local("JP", "52", 9, "4.75", "Aichi", "Nagoya", "450-0002", 35.1706, 136.8816),
    _local("AU", "7", 9, "2.75", "QLD", "Brisbane", "4000", -27.4679, 153.0281),
)
"""Areas that are nowhere in the stock above."""

_STEP = 7_919_777
"""A prime: the numbers of an area are spread, and easy patterns (…1234) are found among them."""


_OAKLAND = _local("US", "510", 10, "1.00", "CA", "Oakland", "94612", 37.8044, -122.2712)
_DOCUMENTED = "+15105555555"
"""The number that Restcomm's documentation buys, so that its commands work here as they are printed."""


def sandbox_stock() -> list[NewItem]:
    """The whole stock, in the order of the areas."""
    return [*_stock_of(AREAS), _item(_OAKLAND, _DOCUMENTED)]


@cache
def sandbox_shelf() -> tuple[NewItem, ...]:
    """What the carrier has besides, and shows to who asks it."""
    return tuple(_stock_of(SHELF))


def _stock_of(areas: Sequence[Area]) -> list[NewItem]:
    return [_item(area, number) for area in areas for number in islice(_numbers(area), area.count)]


def _numbers(area: Area) -> Iterator[str]:
    """Valid numbers of the area, without the exchange 555, which is left to the simulated carrier's own phones."""
    country_code = phonenumbers.country_code_for_region(area.country)
    rest = area.digits - len(area.prefix)
    for position in range(1, 100_000):
        tail = f"{position * _STEP % 10**rest:0{rest}}"
        if tail.startswith("555"):
            continue
        number = phonenumbers.PhoneNumber(country_code=country_code, national_number=int(area.prefix + tail))
        if phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in _TYPES[area.kind]:
            yield f"+{country_code}{area.prefix}{tail}"


def _item(area: Area, number: str) -> NewItem:
    region, locality, postal_code, latitude, longitude = area.place or ("", "", "", None, None)
    return NewItem(
        number=number,
        kind=area.kind,
        country=area.country,
        region=region,
        locality=locality,
        postal_code=postal_code,
        latitude=latitude,
        longitude=longitude,
        capabilities=area.capabilities,
        setup_micros=Micros(usd(area.setup)),
        monthly_micros=Micros(usd(area.monthly)),
        documents_required=area.documents,
    )
