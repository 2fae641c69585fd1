"""A number as both dialects show it, in the order of reference 2.2."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import phonenumbers

from dialplane.domain.ids import ApplicationId, NumberId, to_sid
from dialplane.domain.numbering.number_settings import Fetch, NumberSettings, seen
from dialplane.domain.numbering.numbers import Number, NumberKind, NumberStatus
from dialplane.domain.numbering.orders import Order
from dialplane.domain.tenancy.accounts import Account
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.rendering import Forked

CAPABILITIES = ("voice", "sms", "mms", "fax")
ORIGINS: Mapping[bool, str] = {True: "twilio", False: "hosted"}
"""Twilio's word for where a number comes from, by whether a carrier gives it."""
_US_AND_CANADA = frozenset({"US", "CA", "PR", "VI", "GU", "AS", "MP"})
"""The United States with their territories."""

Names = Mapping[ApplicationId, str]


def application_ids(numbers: Iterable[Number]) -> set[ApplicationId]:
    """The applications that answers about these numbers name."""
    fetches = (fetch for number in numbers for fetch in _named(seen(number.settings, number.targets)))
    return {ApplicationId(fetch.application_id) for fetch in fetches if fetch.application_id is not None}


def _named(settings: NumberSettings) -> tuple[Fetch, ...]:
    return settings.voice, settings.message, settings.refer, settings.ussd


def show_number(asked: Asked, number: Number, names: Names) -> dict[str, object]:
    """Every member is always there, null where it has no value. `names` are those of `application_ids`."""
    account_sid, sid = to_sid("AC", number.account_id), to_sid("PN", number.id)
    settings = seen(number.settings, number.targets)
    members: dict[str, object] = {
        "sid": sid,
        "account_sid": account_sid,
        "friendly_name": number.name or formatted(number.number),
        "phone_number": number.number,
        "voice_url": settings.voice.url or None,
        "voice_method": settings.voice.method,
        "voice_fallback_url": settings.voice.fallback_url or None,
        "voice_fallback_method": settings.voice.fallback_method,
        "status_callback": settings.status_url or None,
        "status_callback_method": settings.status_method,
        "voice_caller_id_lookup": settings.caller_id_lookup,
        **_application(asked, "voice", settings.voice, names),
        "date_created": asked.dialect.show_time(number.created_at),
        "date_updated": asked.dialect.show_time(number.updated_at or number.created_at),
        "sms_url": settings.message.url or None,
        "sms_method": settings.message.method,
        "sms_fallback_url": settings.message.fallback_url or None,
        "sms_fallback_method": settings.message.fallback_method,
        **_application(asked, "sms", settings.message, names),
    }
    if not asked.dialect.is_twilio:
        members |= _ussd(asked, settings.ussd, names)
    return members | {
        "refer_url": settings.refer.url or None,
        "refer_method": settings.refer.method,
        **_application(asked, "refer", settings.refer, names),
        "capabilities": show_capabilities(asked, _able(number)),
        "api_version": settings.api_version or asked.dialect.api_version,
        "uri": asked.uri(f"/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}"),
        **(_twilios_own(asked, number, sid) if asked.dialect.is_twilio else {}),
    }


def show_order(asked: Asked, order: Order, account: Account) -> dict[str, object]:
    """The number that a purchase under way will become, with the sid that it will have."""
    wanted = order.request
    number = Number(
        id=NumberId(order.id),
        account_id=order.account_id,
        organization_id=account.organization_id,
        number=order.number,
        kind=wanted.kind or NumberKind.LOCAL,
        status=NumberStatus.ACTIVE,
        created_at=order.created_at,
        targets=wanted.targets,
        settings=wanted.settings,
        name=wanted.name,
    )
    return show_number(asked, number, {}) | {"status": "pending"}


def _ussd(asked: Asked, ussd: Fetch, names: Names) -> dict[str, object]:
    return {
        "ussd_url": ussd.url or None,
        "ussd_method": ussd.method,
        "ussd_fallback_url": ussd.fallback_url or None,
        "ussd_fallback_method": ussd.fallback_method,
        **_application(asked, "ussd", ussd, names),
    }


def _twilios_own(asked: Asked, number: Number, sid: str) -> dict[str, object]:
    account = f"/Accounts/{to_sid('AC', number.account_id)}"
    return {
        "beta": False,
        "origin": ORIGINS[number.kind.is_ordinary],
        "trunk_sid": None,
        "identity_sid": None,
        "address_sid": None,
        "address_requirements": "none",
        "bundle_sid": None,
        "emergency_status": "Inactive",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "voice_receive_mode": number.settings.receive_mode,
        "status": "in-use",
        "type": number.kind.value.replace("_", "-"),
        "subresource_uris": {
            "assigned_add_ons": asked.uri(f"{account}/IncomingPhoneNumbers/{sid}/AssignedAddOns"),
        },
    }


def _application(asked: Asked, kind: str, fetch: Fetch, names: Names) -> dict[str, object]:
    """The sid, and in Restcomm's dialect the name."""
    application_id = fetch.application_id
    own: dict[str, object] = {
        f"{kind}_application_sid": None if application_id is None else to_sid("AP", application_id)
    }
    if not asked.dialect.is_twilio:
        own[f"{kind}_application_name"] = None if application_id is None else names.get(ApplicationId(application_id))
    return own


def _able(number: Number) -> tuple[str, ...]:
    """What the carrier gives, less what the holder does not want; what no carrier gives is as the holder says."""
    capable = number.settings.capable
    own = () if number.kind.is_ordinary else tuple(name for name, flag in capable.items() if flag)
    return tuple(name for name in (*number.capabilities, *own) if capable.get(name, True))


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


def is_area_of_us_or_canada(area_code: str) -> bool:
    """Of the countries that share `+1`; a code that is given to nobody counts as theirs."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+1{area_code}5550123", None))
    return region is None or region in _US_AND_CANADA
