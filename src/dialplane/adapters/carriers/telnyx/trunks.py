"""Trunks at Telnyx: an outbound voice profile, and a credential connection that calls by it (API v2).

The connection proves us by name and password, so it needs neither an address of ours nor a name in the DNS.
"""

from typing import Any
from urllib.parse import quote

from dialplane.adapters.carriers.api import ApiAnswer, CarrierApi, listed, text_at
from dialplane.adapters.carriers.telnyx.numbers import API, reason_of
from dialplane.domain.supply.carrier_accounts import CarrierAccess
from dialplane.services.supply.carrier_trunks import OpenedTrunk, TrunkWish
from dialplane.services.supply.carriers import CarrierFailed, CarrierTimeout

HOST = "sip.telnyx.com"
_LONGEST_NAME = 60
_GONE = 404
_PLACES = (
    ("/credential_connections", "connection_name"),
    ("/outbound_voice_profiles", "name"),
)
"""Each with the field that names what is there; the connection goes first, as it holds on to its profile."""


class TelnyxTrunks:
    """Fulfils `services.supply.carrier_trunks.RemoteTrunks`."""

    def __init__(self, api: CarrierApi, access: CarrierAccess) -> None:
        self._api = api
        self._base = (access.api_url or API).rstrip("/")

    async def check_access(self) -> None:
        await self._ask("GET", "/whoami")

    async def open(self, wish: TrunkWish) -> OpenedTrunk:
        name = f"{wish.name[:_LONGEST_NAME]} {wish.reference}"
        profile = {"name": name, "traffic_type": "conversational", "service_plan": "global"}
        profile_id = _id_of(await self._ask("POST", "/outbound_voice_profiles", json=profile))
        connection = {
            "connection_name": name,
            "user_name": wish.username,
            "password": wish.password,
            "active": True,
            "outbound": {"outbound_voice_profile_id": profile_id},
        }
        connection_id = _id_of(await self._ask("POST", "/credential_connections", json=connection))
        return OpenedTrunk(HOST, {"telnyx_profile_id": profile_id, "telnyx_connection_id": connection_id})

    async def close(self, reference: str) -> None:
        for path, field in _PLACES:
            found = await self._ask("GET", path, query=[(f"filter[{field}][contains]", reference)])
            # Whether the filter was heeded is not taken on trust: what is deleted must be ours.
            for each in listed(found, "data"):
                if text_at(each, field).endswith(f" {reference}"):
                    await self._delete(f"{path}/{quote(text_at(each, 'id'), safe='')}")

    async def _delete(self, path: str) -> None:
        answer = await self._api.ask("DELETE", self._base + path)
        if not answer.is_good and answer.status != _GONE:
            raise CarrierFailed(reason_of(answer))

    async def _ask(self, method: str, path: str, **parts: Any) -> ApiAnswer:
        answer = await self._api.ask(method, self._base + path, **parts)
        if not answer.is_good:
            raise CarrierFailed(reason_of(answer))
        return answer


def _id_of(answer: ApiAnswer) -> str:
    """Raises CarrierTimeout where it is not said: something was made, and nobody knows what."""
    made = text_at(answer.data, "data", "id")
    if not 1 <= len(made) <= 128 or not made.isprintable():
        raise CarrierTimeout(f"the carrier answered {answer.status} without an id")
    return made
