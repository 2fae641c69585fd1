"""Where an account may call and write to: its countries, and ranges that are closed unless the operator opens them."""

from enum import StrEnum

import phonenumbers

from dialplane.domain.errors import Invalid, NotPermitted
from dialplane.domain.tenancy.accounts import Account, IdentityStatus


class SpecialRange(StrEnum):
    """Numbers that cost much, or whose owner earns by them (FRD-1)."""

    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    SATELLITE = "satellite"
    """+870, +881."""
    GLOBAL_NETWORK = "global_network"
    """+882, +883."""
    INTERNATIONAL_PREMIUM = "international_premium"
    """+979."""


_BY_CODE = {
    870: SpecialRange.SATELLITE,
    881: SpecialRange.SATELLITE,
    882: SpecialRange.GLOBAL_NETWORK,
    883: SpecialRange.GLOBAL_NETWORK,
    979: SpecialRange.INTERNATIONAL_PREMIUM,
}
_BY_TYPE = {
    phonenumbers.PhoneNumberType.PREMIUM_RATE: SpecialRange.PREMIUM,
    phonenumbers.PhoneNumberType.SHARED_COST: SpecialRange.SHARED_COST,
}


def check_allowed(
    account: Account, target: str, *, field: str = "destinations", reason: str = "PERMISSION_DENIED"
) -> None:
    """`target` is in E.164. A special range of a country needs the country, too.

    Raises NotPermitted (identity; for country and range with `reason`) or Invalid naming `field`.
    """
    if account.identity_status is not IdentityStatus.VERIFIED:
        raise NotPermitted("The account's identity is not verified", reason="IDENTITY_VERIFICATION_REQUIRED")
    try:
        parsed = phonenumbers.parse(target)
    except phonenumbers.NumberParseException:
        raise Invalid(f"{target} is no phone number", reason="INVALID_ARGUMENT", field=field) from None
    special = _BY_CODE.get(parsed.country_code or 0)
    if special is None:
        _check_country(account, parsed, field, reason)
        special = _BY_TYPE.get(phonenumbers.number_type(parsed))
    if special is not None and special not in account.special_destinations:
        raise NotPermitted(
            f"{target} is a {special.replace('_', ' ')} number, which the account may not reach",
            reason=reason,
            field=field,
        )


def is_landline(target: str) -> bool:
    """Whether the number is of a country that tells fixed lines from mobile ones, and fixed: it can hardly take a
    message."""
    return phonenumbers.number_type(phonenumbers.parse(target)) == phonenumbers.PhoneNumberType.FIXED_LINE


def place_of(target: str) -> str:
    """The country that a number in E.164 is billed to, in capitals: `GB`; its country code where it is of none: `+882`.
    Empty where it is no number."""
    try:
        parsed = phonenumbers.parse(target)
    except phonenumbers.NumberParseException:
        return ""
    region = _region(parsed)
    return f"+{parsed.country_code}" if region in ("", phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY) else region


def _region(parsed: phonenumbers.PhoneNumber) -> str:
    regions = phonenumbers.region_codes_for_country_code(parsed.country_code or 0)
    return phonenumbers.region_code_for_number(parsed) or (regions[0] if regions else "")


def _check_country(account: Account, parsed: phonenumbers.PhoneNumber, field: str, reason: str) -> None:
    region = _region(parsed)
    if region.lower() not in account.destination_whitelist:
        raise NotPermitted(
            f"The account may not reach {region or 'numbers without a country'}: see its outbound_config",
            reason=reason,
            field=field,
        )
