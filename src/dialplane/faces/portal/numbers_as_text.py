"""Phone numbers and places as people read them."""

from functools import lru_cache

import phonenumbers

from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.supply.inventory import Offer
from dialplane.faces.portal.countries import country_name

_KINDS = {
    NumberKind.LOCAL: "DID",
    NumberKind.MOBILE: "DID, mobile",
    NumberKind.TOLL_FREE: "Tollfree",
    NumberKind.VIRTUAL: "Virtual",
    NumberKind.SIP: "SIP number",
    NumberKind.PATTERN: "Pattern",
    NumberKind.CHANNEL: "Channel",
}


@lru_cache(maxsize=4096)
def show_number(number: str) -> str:
    """`+14155550100` is `+1 415-555-0100`; what is no number stays as it is."""
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def place_of(offer: Offer) -> str:
    """`San Francisco, CA`."""
    return ", ".join(part for part in (offer.locality, offer.region) if part)


def kind_name(kind: NumberKind) -> str:
    return _KINDS[kind]


def show_kind(number: Number) -> str:
    """Where an ordinary number is at home, and what any other is."""
    return country_name(number.country) if number.kind.is_ordinary else _KINDS[number.kind]
