"""What carriers show, before it counts here: what a number's digits say of it, and whether it can be an item."""

import phonenumbers

from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import NewItem


def country_and_kind(number: str) -> tuple[str, NumberKind | None]:
    """Where it belongs, and its type; `("", None)` where it is no number."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return "", None
    kinds = {
        phonenumbers.PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
        phonenumbers.PhoneNumberType.MOBILE: NumberKind.MOBILE,
    }
    kind = kinds.get(phonenumbers.number_type(parsed), NumberKind.LOCAL)
    return phonenumbers.region_code_for_number(parsed) or "", kind


def sound(item: NewItem) -> NewItem | None:
    """The item; None where it can be none of ours, so that one odd line does not spoil a whole search."""
    try:
        item.check()
    except Invalid:
        return None
    return item
