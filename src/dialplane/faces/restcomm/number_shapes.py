"""A number as both dialects show it, in the order of reference 2.2."""

from functools import lru_cache

import phonenumbers

from dialplane.domain.ids import to_sid
from dialplane.domain.numbers import Number
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.rendering import Forked

CAPABILITIES = ("voice", "sms", "mms", "fax")


def show_number(asked: Asked, number: Number) -> dict[str, object]:
    account_sid, sid = to_sid("AC", number.account_id), to_sid("PN", number.id)
    return {
        "sid": sid,
        "account_sid": account_sid,
        "friendly_name": number.name or formatted(number.number),
        "phone_number": number.number,
        "date_created": asked.dialect.show_time(number.created_at),
        "date_updated": asked.dialect.show_time(number.updated_at or number.created_at),
        "capabilities": show_capabilities(asked, number.capabilities),
        "api_version": asked.dialect.api_version,
        "uri": asked.uri(f"/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}"),
    }


def show_capabilities(asked: Asked, capabilities: tuple[str, ...]) -> Forked:
    has = {name: name in capabilities for name in CAPABILITIES}
    json = has if asked.dialect.is_twilio else {f"{name}_capable": value for name, value in has.items()}
    return Forked(json, has)


@lru_cache(maxsize=10_000)
def formatted(number: str) -> str:
    """The default name: as it is written in North America or, of other countries, internationally.

    What is no number of the public network (a short code, a channel) stands for itself.
    """
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, style.NATIONAL if parsed.country_code == 1 else style.INTERNATIONAL)


def number_named(name: str) -> str:
    """The number whose default name this is; "" where there is none."""
    try:
        parsed = phonenumbers.parse(name, "US")
    except phonenumbers.NumberParseException:
        return name
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return number if formatted(number) == name else name
