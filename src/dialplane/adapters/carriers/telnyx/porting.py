"""Porting to Telnyx: an order may be split there by country, type and carrier; its parts bear our reference."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dialplane.adapters.carriers.api import ApiAnswer, CarrierApi, listed, records_at, text_at
from dialplane.adapters.carriers.telnyx.numbers import API, reason_of
from dialplane.domain.numbering.port_exceptions import fault_in
from dialplane.domain.numbering.porting import LETTER_OF_AUTHORIZATION, Port, PortStatus
from dialplane.domain.supply.carrier_accounts import CarrierAccount
from dialplane.services.numbering.carrier_ports import Paper, Standing
from dialplane.services.supply.carriers import CarrierFailed, CarrierTimeout

_STATUSES = {
    "in-process": PortStatus.IN_PROCESS,
    "submitted": PortStatus.IN_PROCESS,
    "exception": PortStatus.EXCEPTION,
    "foc-date-confirmed": PortStatus.DATE_CONFIRMED,
    "ported": PortStatus.PORTED,
    "cancelled": PortStatus.CANCELLED,
}
"""`draft` and `cancel-pending` lead nowhere."""
_SLOWEST_FIRST = (PortStatus.IN_PROCESS, PortStatus.DATE_CONFIRMED, PortStatus.PORTED, PortStatus.CANCELLED)
_OPEN = ("draft", "exception")
"""Statuses in which a part can be changed and handed in."""


class TelnyxPorting:
    """Fulfils `services.numbering.carrier_ports.CarrierPorting`."""

    def __init__(self, api: CarrierApi, account: CarrierAccount) -> None:
        self._api = api
        self._account = account
        self._base = (account.api_url or API).rstrip("/")

    async def hand_in(self, port: Port, papers: Sequence[Paper]) -> None:
        parts = await self._parts(port)
        if not parts:
            wanted = {"phone_numbers": [each.number for each in port.numbers], "customer_reference": str(port.id)}
            made = await self._ask("POST", "/porting_orders", json=wanted, about=port.numbers[0].number)
            parts = listed(made, "data")
        waiting = [part for part in parts if text_at(part, "status", "value") in _OPEN]
        if not waiting:
            return
        change = self._change(port, await self._upload(port, papers))
        for part in waiting:
            path = f"/porting_orders/{text_at(part, 'id')}"
            await self._ask("PATCH", path, json=change)
            await self._ask("POST", f"{path}/actions/confirm")

    async def find_port(self, port: Port) -> Standing | None:
        parts = await self._parts(port)
        return _together([_standing(part) for part in parts]) if parts else None

    async def cancel(self, port: Port) -> None:
        for part in await self._parts(port):
            if text_at(part, "status", "value") not in ("cancelled", "cancel-pending", "ported"):
                await self._ask("POST", f"/porting_orders/{text_at(part, 'id')}/actions/cancel")

    async def _parts(self, port: Port) -> list[Mapping[str, Any]]:
        reference = str(port.id)
        answer = await self._ask("GET", "/porting_orders", query=[("filter[customer_reference]", reference)])
        return [each for each in listed(answer, "data") if text_at(each, "customer_reference") == reference]

    async def _upload(self, port: Port, papers: Sequence[Paper]) -> dict[str, str]:
        """Telnyx's ids of the papers, by what they are to it."""
        ids = {}
        for paper in papers:
            document = {
                "file": b64encode(paper.content).decode(),
                "filename": paper.document.name or f"{paper.document.id}",
                "customer_reference": str(port.id),
            }
            answer = await self._ask("POST", "/documents", json=document)
            kind = "loa" if paper.document.kind == LETTER_OF_AUTHORIZATION else "invoice"
            ids[kind] = text_at(answer.data, "data", "id")
        return ids

    def _change(self, port: Port, documents: Mapping[str, str]) -> dict[str, object]:
        holder = port.holder
        admin = {
            "entity_name": holder.name,
            "auth_person_name": holder.authorized_person or holder.name,
            "account_number": holder.account_number,
            "pin_passcode": holder.pin,
            "billing_phone_number": holder.billing_number,
        }
        location = {
            "street_address": holder.street,
            "locality": holder.locality,
            "administrative_area": holder.region,
            "postal_code": holder.postal_code,
            "country_code": holder.country or port.numbers[0].country,
        }
        change: dict[str, object] = {
            "end_user": {"admin": _given(admin), "location": _given(location)},
            "documents": dict(documents),
            "phone_number_configuration": _given(
                {"connection_id": self._account.voice, "messaging_profile_id": self._account.messaging}
            ),
        }
        if port.requested_at is not None:
            change["activation_settings"] = {"foc_datetime_requested": port.requested_at.isoformat()}
        return change

    async def _ask(self, method: str, path: str, **parts: Any) -> ApiAnswer:
        """Raises CarrierFailed in the carrier's words where it refuses."""
        answer = await self._api.ask(method, self._base + path, **parts)
        if not answer.is_good:
            raise (CarrierTimeout if method == "GET" else CarrierFailed)(reason_of(answer))
        return answer


def _given(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _standing(part: Mapping[str, Any]) -> Standing:
    status = _STATUSES.get(text_at(part, "status", "value"))
    detail = next(iter(records_at(part, "status", "details")), None)
    words, code = text_at(detail, "description"), text_at(detail, "code")
    date = text_at(part, "activation_settings", "foc_datetime_actual")
    if status is PortStatus.EXCEPTION:
        return Standing(status, words[:1000] or code or "the carrier says no more", fault_in(code))
    return Standing(status, foc_at=_moment(date))


def _together(parts: Sequence[Standing]) -> Standing:
    """What is wrong with one part stops the order; else it is as far as its slowest part that is not called off."""
    wrong = next((part for part in parts if part.status is PortStatus.EXCEPTION), None)
    if wrong is not None:
        return wrong
    said = [part for part in parts if part.status is not PortStatus.CANCELLED] or list(parts)
    if any(part.status is None for part in said):
        return Standing(None)
    slowest = min((part.status for part in said if part.status is not None), key=_SLOWEST_FIRST.index)
    dates = [part.foc_at for part in said if part.foc_at is not None]
    if slowest is PortStatus.DATE_CONFIRMED and not dates:
        return Standing(PortStatus.IN_PROCESS)
    return Standing(slowest, foc_at=max(dates, default=None))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
