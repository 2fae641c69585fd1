"""Telnyx's numbers: search, orders, inventory, settings."""

from collections.abc import Mapping, Sequence
from typing import Any

import phonenumbers

from dialplane.adapters.carriers.api import (
    ApiAnswer,
    CarrierApi,
    list_at,
    listed,
    record_at,
    records_at,
    text_at,
    whole_at,
)
from dialplane.adapters.carriers.digits import country_and_kind, sound
from dialplane.adapters.carriers.money import micros_of
from dialplane.domain.money import ZERO
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.carrier_accounts import CarrierAccount
from dialplane.domain.supply.inventory import CAPABILITIES, ItemQuery, NewItem
from dialplane.services.supply.carriers import (
    Answer,
    CarrierFailed,
    CarrierTimeout,
    Ordered,
    Pending,
    Refused,
    RemoteNumber,
)

API = "https://api.telnyx.com/v2"
MOST_FOUND = 250
"""Numbers that one search is asked for."""
_PAGE = 250
_MOST_PAGES = 400

_KINDS = {"local": NumberKind.LOCAL, "toll_free": NumberKind.TOLL_FREE, "mobile": NumberKind.MOBILE}
_NOT_OURS = ("deleted", "purchase_failed", "purchase_pending", "port_failed", "ported_out", "port_out_pending")


class TelnyxNumbers:
    """Fulfils `Carrier`, `CarrierSearch` and `CarrierSettings` of `services.supply.carriers` for one account."""

    is_local = False

    def __init__(self, api: CarrierApi, account: CarrierAccount) -> None:
        self._api = api
        self._account = account
        self._base = (account.api_url or API).rstrip("/")

    # --- search ---

    async def search(self, query: ItemQuery, limit: int) -> Sequence[NewItem]:
        found: list[NewItem] = []
        for country in query.any_country or _countries_of(query):
            for kind in _kinds(query):
                answer = await self._ask("GET", "/available_phone_numbers", query=_filters(query, country, kind, limit))
                if not answer.is_good:
                    raise CarrierFailed(reason_of(answer))
                found += [item for each in listed(answer, "data") if (item := self._item(each, country))]
        return found

    def _item(self, each: Mapping[str, Any], country: str) -> NewItem | None:
        """None for what we do not sell: other types, and prices that nobody knows in dollars."""
        places = {
            text_at(one, "region_type"): text_at(one, "region_name") for one in records_at(each, "region_information")
        }
        kind = _KINDS.get(text_at(each, "phone_number_type"))
        setup, monthly = (self._price(each, name) for name in ("upfront", "monthly"))
        if kind is None or setup is None or monthly is None:
            return None
        features = {text_at(one, "name") for one in records_at(each, "features")}
        return sound(
            NewItem(
                text_at(each, "phone_number"),
                kind,
                places.get("country_code", country),
                region=places.get("state", "")[:64],
                locality=(places.get("location") or places.get("rate_center") or "")[:128],
                capabilities=tuple(name for name in CAPABILITIES if name in features),
                setup_micros=setup,
                monthly_micros=monthly,
            )
        )

    def _price(self, each: Mapping[str, Any], which: str) -> Any:
        ours = self._account.setup_micros if which == "upfront" else self._account.monthly_micros
        if ours is not None:
            return ours
        said = text_at(each, "cost_information", f"{which}_cost")
        if not said:
            return ZERO if which == "upfront" else None
        return micros_of(said, text_at(each, "cost_information", "currency"))

    # --- orders ---

    async def order(self, number: str, reference: str) -> Answer:
        """The reference is the order's `customer_reference`, which Telnyx keeps without holding it to be unique: it is
        looked up before every order, and once more where the order is refused, since it may be our own first one, still
        on its way when we looked, that has taken the number."""
        known = await self.find_order(reference)
        if known is not None:
            return known
        wanted = {"phone_number": number} | self._requirement_group(number)
        order: dict[str, object] = {"phone_numbers": [wanted], "customer_reference": reference}
        if self._account.voice:
            order["connection_id"] = self._account.voice
        if self._account.messaging:
            order["messaging_profile_id"] = self._account.messaging
        answer = await self._ask("POST", "/number_orders", json=order, about=number)
        if answer.is_good:
            return _order_state(record_at(answer.data, "data"))
        return await self.find_order(reference) or Refused(reason_of(answer))

    def _requirement_group(self, number: str) -> dict[str, str]:
        country, kind = country_and_kind(number)
        group = self._account.requirement(country, kind) if kind else ""
        return {"requirement_group_id": group} if group else {}

    async def find_order(self, reference: str) -> Answer | None:
        answer = await self._ask("GET", "/number_orders", query=[("filter[customer_reference]", reference)])
        if not answer.is_good:
            raise CarrierTimeout(reason_of(answer))
        # Whether the filter was heeded is not taken on trust: another's order would be taken for ours.
        orders = [each for each in listed(answer, "data") if text_at(each, "customer_reference") == reference]
        states = [_order_state(each) for each in orders]
        states.sort(key=lambda state: (Ordered, Pending, Refused).index(type(state)))
        if not states or not isinstance(states[0], Pending):
            return states[0] if states else None
        return await self._look_closer(orders, states[0])

    async def _look_closer(self, orders: Sequence[Mapping[str, Any]], pending: Pending) -> Answer:
        """What its parts wait for: documents are asked for by each number's own part of the order."""
        for order in orders:
            for part in list_at(order, "sub_number_orders_ids")[:1]:
                answer = await self._ask("GET", f"/sub_number_orders/{part}")
                if answer.is_good:
                    return _part_state(record_at(answer.data, "data")) or pending
        return pending

    async def owns(self, number: str) -> bool:
        found = await self.find_number(number)
        return found is not None and found.status not in _NOT_OURS

    async def release(self, number: str) -> None:
        found = await self.find_number(number)
        if found is None:
            return
        answer = await self._ask("DELETE", f"/phone_numbers/{found.carrier_id}", about=number)
        if not answer.is_good and answer.status != 404:
            raise CarrierFailed(reason_of(answer))

    # --- settings ---

    @property
    def wanted_settings(self) -> Mapping[str, str]:
        wanted = {"connection_id": self._account.voice, "messaging_profile_id": self._account.messaging}
        return {name: value for name, value in wanted.items() if value}

    @property
    def verifies_webhooks(self) -> bool:
        return bool(self._account.signing_key)

    async def find_number(self, number: str) -> RemoteNumber | None:
        answer = await self._ask("GET", "/phone_numbers", query=[("filter[phone_number]", number)], about=number)
        if not answer.is_good:
            raise CarrierTimeout(reason_of(answer))
        every = [_remote(each) for each in listed(answer, "data")]
        return next((each for each in every if each.number == number and each.status != "deleted"), None)

    async def list_numbers(self) -> Sequence[RemoteNumber]:
        found: list[RemoteNumber] = []
        for page in range(1, _MOST_PAGES + 1):
            query = [("page[number]", str(page)), ("page[size]", str(_PAGE))]
            answer = await self._ask("GET", "/phone_numbers", query=query)
            if not answer.is_good:
                raise CarrierTimeout(reason_of(answer))
            found += [_remote(each) for each in listed(answer, "data")]
            if page >= max(1, whole_at(answer.data, "meta", "total_pages")):
                break
        return [each for each in found if each.status not in _NOT_OURS]

    async def write_settings(self, number: str, settings: Mapping[str, str]) -> None:
        found = await self.find_number(number)
        if found is None:
            raise CarrierFailed(f"{number} is not in our account at the carrier")
        for name, path in (("connection_id", ""), ("messaging_profile_id", "/messaging")):
            if name in settings:
                change = {name: settings[name] or None}
                answer = await self._ask("PATCH", f"/phone_numbers/{found.carrier_id}{path}", json=change, about=number)
                if not answer.is_good:
                    raise CarrierFailed(reason_of(answer))

    async def _ask(self, method: str, path: str, **parts: Any) -> ApiAnswer:
        return await self._api.ask(method, self._base + path, **parts)


def _countries_of(query: ItemQuery) -> tuple[str, ...]:
    """The country of the number that is looked for; none: such a search is not for Telnyx."""
    country = country_and_kind(query.number)[0] if query.number else ""
    return (country,) if country else ()


def _kinds(query: ItemQuery) -> tuple[str, ...]:
    if not query.kinds:
        return ("",)
    return tuple(name for name, kind in _KINDS.items() if kind in query.kinds)


def _filters(query: ItemQuery, country: str, kind: str, limit: int) -> list[tuple[str, str]]:
    """As much of the query as Telnyx knows; what comes back is looked at once more by who asked."""
    prefix = str(phonenumbers.country_code_for_region(country))
    national = query.number.removeprefix(f"+{prefix}") if query.number else ""
    start = query.starts_with.removeprefix(prefix) if query.starts_with.startswith(prefix) else ""
    wanted = {
        "[country_code]": country,
        "[phone_number_type]": kind,
        "[national_destination_code]": query.area_code,
        "[phone_number][starts_with]": start,
        "[phone_number][contains]": next(iter(query.parts), ""),
        "[phone_number][ends_with]": national or query.ends_with,
        "[administrative_area]": query.region,
        "[locality]": query.locality,
    }
    filters = [(f"filter{name}", value) for name, value in wanted.items() if value and "*" not in value]
    filters += [("filter[features][]", name) for name in query.capabilities]
    return [*filters, ("filter[limit]", str(min(limit, MOST_FOUND))), ("filter[best_effort]", "false")]


def _order_state(order: object) -> Answer:
    status = text_at(order, "status")
    if status == "success":
        return Ordered()
    if status == "failure":
        said = [text_at(each, "status") for each in records_at(order, "phone_numbers")]
        return Refused(f"the carrier's order failed{''.join(f' ({each})' for each in said[:1] if each)}")
    return Pending("" if text_at(order, "requirements_met") != "False" else "the carrier asks for documents")


def _part_state(part: object) -> Answer | None:
    status = text_at(part, "requirements_status") or text_at(part, "phone_numbers", 0, "requirements_status")
    open_ones = [
        f"{text_at(each, 'field_type') or 'requirement'} {text_at(each, 'requirement_id')} is {text_at(each, 'status')}"
        for each in records_at(part, "regulatory_requirements")
        if text_at(each, "status") not in ("", "approved")
    ]
    if status in ("cancelled", "deleted"):
        return Refused(f"the carrier ended the order ({status})")
    if not status and not open_ones:
        return None
    return Pending("; ".join([f"requirements are {status}", *open_ones][0 if status else 1 :]))


def _remote(each: Mapping[str, Any]) -> RemoteNumber:
    settings = {name: text_at(each, name) for name in ("connection_id", "messaging_profile_id")}
    emergency = "registered" if text_at(each, "emergency_enabled") == "True" else "unregistered"
    return RemoteNumber(
        text_at(each, "phone_number"), text_at(each, "id"), text_at(each, "status"), settings, emergency
    )


def reason_of(answer: ApiAnswer) -> str:
    """In the carrier's words."""
    first = next(iter(records_at(answer.data, "errors")), None)
    words = text_at(first, "detail") or text_at(first, "title") or f"the carrier answered {answer.status}"
    code = text_at(first, "code")
    return f"{words[:400]} ({code})" if code else words[:400]
