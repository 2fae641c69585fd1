"""Calls forced over one trunk, as the operator makes and lists them: how a trunk is tried without a route to it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.calling.providercalls import ProviderCall
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import AccountId, CallId, TrunkId
from dialplane.services.calling.outgoing import CallRequest, CallsCreated, create_calls
from dialplane.services.transaction import Database


class ProviderCallStore(Protocol):
    """Port."""

    async def add(self, calls: Sequence[ProviderCall]) -> None: ...

    async def find(self, call_id: CallId) -> ProviderCall | None: ...

    async def list_made(
        self, trunk_id: TrunkId | None, *, before: datetime | None, limit: int
    ) -> Sequence[ProviderCall]:
        """Newest first; of one trunk, or of all."""
        ...


async def call_by_trunk(
    database: Database, account_id: AccountId, trunk_id: TrunkId, request: CallRequest, now: datetime
) -> CallsCreated:
    """Call numbers by this trunk and no other, whatever the routes say; everything else is as for any call.

    Raises as `create_calls`, and NotFound (PROVIDER_NOT_FOUND, CUSTOMER_NOT_FOUND), Invalid where a destination is no
    number.
    """
    for index, party in enumerate(request.destinations):
        if party.type != "tel":
            raise Invalid("a trunk reaches numbers and nothing else", field=f"destinations[{index}]")
    async with database.reading() as tx:
        if await tx.accounts.find(account_id) is None:
            raise NotFound("There is no such customer", reason="CUSTOMER_NOT_FOUND", field="customer_id")
        trunk = await tx.trunks.find(trunk_id)
    if trunk is None or not trunk.gateways:
        raise NotFound("There is no such provider", reason="PROVIDER_NOT_FOUND", field="provider_id")
    forced = replace(request, manner=replace(request.manner, trunk_id=trunk_id))
    return await create_calls(database, account_id, forced, now)


async def list_provider_calls(
    database: Database, trunk_id: TrunkId | None, *, before: datetime | None, limit: int
) -> Sequence[ProviderCall]:
    """Newest first, of all accounts."""
    async with database.reading() as tx:
        return await tx.provider_calls.list_made(trunk_id, before=before, limit=limit)


async def get_provider_call(database: Database, call_id: CallId) -> ProviderCall:
    """Raises NotFound."""
    async with database.reading() as tx:
        found = await tx.provider_calls.find(call_id)
    if found is None:
        raise NotFound("There is no such providercall", reason="PROVIDERCALL_NOT_FOUND")
    return found
