"""Twilio's numbers: search, purchase, inventory, settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from dialplane.adapters.carriers.api import ApiAnswer, CarrierApi, listed, record_at, text_at
from dialplane.adapters.carriers.digits import country_and_kind, sound
from dialplane.adapters.carriers.twilio.credentials import auth_token, resource
from dialplane.domain.money import ZERO, Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.carrier_accounts import CarrierAccount
from dialplane.domain.supply.inventory import ItemQuery, NewItem
from dialplane.services.supply.carriers import (
    Answer,
    CarrierFailed,
    CarrierTimeout,
    Ordered,
    Refused,
    RemoteNumber,
)

MOST_FOUND = 100
"""Numbers that one search is asked for."""
_PAGE = 1000
_MOST_PAGES = 100

_KINDS = {"Local": NumberKind.LOCAL, "TollFree": NumberKind.TOLL_FREE, "Mobile": NumberKind.MOBILE}
_CAPABILITIES = ("voice", "sms", "mms", "fax")
_FEATURES = {"voice": "VoiceEnabled", "sms": "SmsEnabled", "mms": "MmsEnabled", "fax": "FaxEnabled"}

_SETTINGS = {
    "trunk_sid": "TrunkSid",
    "voice_url": "VoiceUrl",
    "sms_url": "SmsUrl",
    "sms_method": "SmsMethod",
    "sms_application_sid": "SmsApplicationSid",
}
"""As answers spell them, and as requests do. An application wins over an address, so it is looked at too."""
_NOT_FOUND = 404


class TwilioNumbers:
    """Fulfils `Carrier`, `CarrierSearch` and `CarrierSettings` of `services.supply.carriers` for one account."""

    is_local = False

    def __init__(self, api: CarrierApi, account: CarrierAccount) -> None:
        self._api = api
        self._account = account

    # --- search ---

    async def search(self, query: ItemQuery, limit: int) -> Sequence[NewItem]:
        country = country_and_kind(query.number)[0] if query.number else ""
        found: list[NewItem] = []
        for where in query.any_country or ((country,) if country else ()):
            for path, kind in _KINDS.items():
                if query.kinds and kind not in query.kinds:
                    continue
                url = resource(self._account, f"AvailablePhoneNumbers/{where}/{path}")
                answer = await self._api.ask("GET", url, query=_filters(query, limit))
                if answer.status == _NOT_FOUND:
                    continue  # the country has no numbers of this type
                if not answer.is_good:
                    raise CarrierFailed(reason_of(answer))
                shown = listed(answer, "available_phone_numbers")
                found += [item for each in shown if (item := self._item(each, kind))]
        return found

    def _item(self, each: Mapping[str, Any], kind: NumberKind) -> NewItem | None:
        """Twilio's search says no prices: they are the operator's."""
        has = {name.lower(): bool(value) for name, value in record_at(each, "capabilities").items()}
        latitude, longitude = (_degrees(text_at(each, name)) for name in ("latitude", "longitude"))
        known = latitude is not None and longitude is not None
        needs = text_at(each, "address_requirements")
        country = text_at(each, "iso_country")
        covered = needs in ("", "none") or bool(self._account.requirement(country, kind))
        return sound(
            NewItem(
                text_at(each, "phone_number"),
                kind,
                country,
                region=text_at(each, "region")[:64],
                locality=text_at(each, "locality")[:128],
                postal_code=text_at(each, "postal_code")[:16],
                latitude=latitude if known else None,
                longitude=longitude if known else None,
                capabilities=tuple(name for name in _CAPABILITIES if has.get(name)),
                setup_micros=Micros(self._account.setup_micros or ZERO),
                monthly_micros=Micros(self._account.monthly_micros or ZERO),
                documents_required=() if covered else ("address",),
            )
        )

    # --- purchase ---

    async def order(self, number: str, reference: str) -> Answer:
        """Twilio sells at once, without a reference of ours: the number's friendly name is one. A second purchase of a
        number that is ours already would only write over it, so it is looked for first."""
        there = await self._find(number)
        if there is not None:
            return _ours(there, reference)
        form = [("PhoneNumber", number), ("FriendlyName", reference), *self._settings_form(self.wanted_settings)]
        country, kind = country_and_kind(number)
        bundle = self._account.requirement(country, kind) if kind else ""
        if bundle:
            form.append(("AddressSid" if bundle.startswith("AD") else "BundleSid", bundle))
        url = resource(self._account, "IncomingPhoneNumbers")
        answer = await self._api.ask("POST", url, form=form, about=number)
        if answer.is_good:
            return Ordered()
        there = await self._find(number)
        return Refused(reason_of(answer)) if there is None else _ours(there, reference)

    async def find_order(self, reference: str) -> Answer | None:
        every = await self._list([("FriendlyName", reference)])
        return Ordered() if any(text_at(each, "friendly_name") == reference for each in every) else None

    async def owns(self, number: str) -> bool:
        return await self._find(number) is not None

    async def release(self, number: str) -> None:
        there = await self._find(number)
        if there is None:
            return
        url = resource(self._account, f"IncomingPhoneNumbers/{text_at(there, 'sid')}")
        answer = await self._api.ask("DELETE", url, about=number)
        if not answer.is_good and answer.status != _NOT_FOUND:
            raise CarrierFailed(reason_of(answer))

    # --- settings ---

    @property
    def wanted_settings(self) -> Mapping[str, str]:
        texts = {
            "sms_url": f"{self._account.webhook_base}/messages",
            "sms_method": "POST",
            "sms_application_sid": "",
        }
        return {"trunk_sid": self._account.voice, **texts} if self._account.voice else texts

    @property
    def verifies_webhooks(self) -> bool:
        return bool(auth_token(self._account))

    async def find_number(self, number: str) -> RemoteNumber | None:
        there = await self._find(number)
        return None if there is None else _remote(there)

    async def list_numbers(self) -> Sequence[RemoteNumber]:
        return [_remote(each) for each in await self._list([("PageSize", str(_PAGE))], pages=_MOST_PAGES)]

    async def write_settings(self, number: str, settings: Mapping[str, str]) -> None:
        there = await self._find(number)
        if there is None:
            raise CarrierFailed(f"{number} is not in our account at the carrier")
        url = resource(self._account, f"IncomingPhoneNumbers/{text_at(there, 'sid')}")
        answer = await self._api.ask("POST", url, form=self._settings_form(settings), about=number)
        if not answer.is_good:
            raise CarrierFailed(reason_of(answer))

    def _settings_form(self, settings: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(_SETTINGS[name], value) for name, value in settings.items() if name in _SETTINGS]

    async def _find(self, number: str) -> Mapping[str, Any] | None:
        every = await self._list([("PhoneNumber", number)], about=number)
        return next((each for each in every if text_at(each, "phone_number") == number), None)

    async def _list(
        self, query: Sequence[tuple[str, str]], *, about: str = "", pages: int = 1
    ) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        for page in range(pages):
            paged = [*query, ("Page", str(page))] if page else query
            url = resource(self._account, "IncomingPhoneNumbers")
            answer = await self._api.ask("GET", url, query=paged, about=about)
            if not answer.is_good:
                raise CarrierTimeout(reason_of(answer))
            found += listed(answer, "incoming_phone_numbers")
            if not text_at(answer.data, "next_page_uri"):
                break
        return found


def _ours(there: Mapping[str, Any], reference: str) -> Answer:
    if text_at(there, "friendly_name") == reference:
        return Ordered()
    return Refused("the number is in the carrier account already, under another name")


def _filters(query: ItemQuery, limit: int) -> list[tuple[str, str]]:
    """As much of the query as Twilio knows; what comes back is looked at once more by who asked."""
    middle = next(iter(query.parts), "")
    start = query.starts_with and f"+{query.starts_with}"
    contains = (
        query.number or start or (f"*{middle}*" if middle else "") or (f"*{query.ends_with}" if query.ends_with else "")
    )
    wanted = {
        "AreaCode": query.area_code if not contains and query.country in ("US", "CA") else "",
        "Contains": contains or (query.head if query.country not in ("US", "CA") else ""),
        "InRegion": query.region,
        "InLocality": query.locality,
        "InPostalCode": query.postal_code,
        **{_FEATURES[name]: "true" for name in query.capabilities if name in _FEATURES},
        **{_FEATURES[name]: "false" for name in query.incapable_of if name in _FEATURES},
        "ExcludeAllAddressRequired": "true" if query.without_documents else "",
        "PageSize": str(min(limit, MOST_FOUND)),
    }
    near = query.near
    if near is not None:
        wanted |= {"NearLatLong": f"{near.latitude},{near.longitude}", "Distance": str(round(near.distance_km / 1.609))}
    return [(name, value) for name, value in wanted.items() if value]


def _remote(each: Mapping[str, Any]) -> RemoteNumber:
    return RemoteNumber(
        text_at(each, "phone_number"),
        text_at(each, "sid"),
        text_at(each, "status"),
        {name: text_at(each, name) for name in _SETTINGS},
        text_at(each, "emergency_address_status"),
    )


def _degrees(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def reason_of(answer: ApiAnswer) -> str:
    """In the carrier's words."""
    words = text_at(answer.data, "message") or f"the carrier answered {answer.status}"
    code = text_at(answer.data, "code")
    return f"{words[:400]} ({code})" if code else words[:400]
