"""What a number's digits say of it, for orders of numbers that are no items of ours."""

import phonenumbers

from dialplane.domain.numbering.numbers import NumberKind


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
