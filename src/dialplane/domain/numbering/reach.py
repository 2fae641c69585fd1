"""What a number of the public network is, for who wants to call it or write to it (FRD-1)."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

_PREMIUM = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})


@dataclass(frozen=True, slots=True)
class Reach:
    """`region` is a country in capitals, "001" for networks of no country, "" where nobody has the code."""

    region: str
    is_premium: bool
    """Premium or shared cost: for nobody. Satellites have no country, and so are in no whitelist."""
    is_landline: bool
    """A line that can hardly take a message: of countries that tell fixed from mobile numbers."""


def reach_of(number: str) -> Reach | None:
    """Of a number in E.164; None where it is none."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    regions = phonenumbers.region_codes_for_country_code(parsed.country_code or 0)
    region = phonenumbers.region_code_for_number(parsed) or (regions[0] if regions else "")
    kind = phonenumbers.number_type(parsed)
    return Reach(region, kind in _PREMIUM, kind == PhoneNumberType.FIXED_LINE)
