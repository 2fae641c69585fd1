"""The carriers that are set up, by name."""

from collections.abc import Mapping
from uuid import UUID

from dialplane.adapters.carriers.accounts import CarrierAccounts, NamedCarrier
from dialplane.domain.errors import Invalid
from dialplane.domain.supply.carrier_accounts import CarrierAccess
from dialplane.services.numbering.carrier_ports import CarrierPorting
from dialplane.services.supply.carrier_news import CarrierInbox
from dialplane.services.supply.carrier_trunks import RemoteTrunks
from dialplane.services.supply.carriers import Carrier, CarrierSearch, CarrierSettings


class CarrierRegistry:
    """Fulfils `Carriers`, `Inboxes` and `TrunkCarriers` of `services.supply`: those that are built in, and beside them
    the operator's accounts, where there are any."""

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        *,
        searches: Mapping[str, CarrierSearch] | None = None,
        accounts: CarrierAccounts | None = None,
    ) -> None:
        self._carriers = dict(carriers)
        self._searches = dict(searches or {})
        self._accounts = accounts

    async def names(self) -> list[str]:
        return sorted([*self._carriers, *(await self._accounts.names() if self._accounts else ())])

    def carrier(self, name: str) -> Carrier:
        if name in self._carriers or self._accounts is None:
            return self._carriers[name]
        return NamedCarrier(self._accounts, name)

    async def searches(self) -> Mapping[str, CarrierSearch]:
        return {**self._searches, **(await self._accounts.searches() if self._accounts else {})}

    async def find_settings(self, name: str) -> CarrierSettings | None:
        return await self._accounts.find_settings(name) if self._accounts else None

    async def find_porting(self, name: str) -> CarrierPorting | None:
        return await self._accounts.find_porting(name) if self._accounts else None

    async def find_inbox(self, account_id: UUID) -> CarrierInbox | None:
        return await self._accounts.find_inbox(account_id) if self._accounts else None

    def trunks_at(self, access: CarrierAccess) -> RemoteTrunks:
        if self._accounts is None:
            raise Invalid("No carrier can be reached from here", field="carrier")
        return self._accounts.trunks_at(access)
