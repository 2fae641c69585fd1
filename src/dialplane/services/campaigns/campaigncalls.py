"""The calls of campaigns, one for each try of a target, as a resource."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.campaigns.campaigns import Campaigncall, CampaigncallStatus, Standing
from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.campaigns import campaigncall_shape
from dialplane.services.transaction import Database, Transaction


class CampaigncallStore(Protocol):
    """Port. Deleted ones are not found."""

    async def save_calls(self, calls: list[Campaigncall]) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find_call(self, account_id: AccountId, call_id: UUID) -> Campaigncall | None: ...

    async def list_calls(
        self, account_id: AccountId, campaign_id: UUID | None, *, before: datetime | None, limit: int
    ) -> Sequence[Campaigncall]: ...

    async def open_calls(self, campaign_id: UUID) -> Sequence[Standing]: ...


async def list_campaigncalls(
    database: Database, account_id: AccountId, campaign_id: UUID | None, *, before: datetime | None, limit: int
) -> Sequence[Campaigncall]:
    """Newest first; those made before `before`; of one campaign, or of all."""
    async with database.reading() as tx:
        return await tx.campaigns.list_calls(account_id, campaign_id, before=before, limit=limit)


async def get_campaigncall(database: Database, account_id: AccountId, call_id: UUID) -> Campaigncall:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await _load(tx, account_id, call_id)


async def delete_campaigncall(database: Database, account_id: AccountId, call_id: UUID, now: datetime) -> Campaigncall:
    """Out of the lists. Raises NotFound, Conflict (STATE_INVALID) while it goes on."""
    async with database.transaction() as tx:
        call = await _load(tx, account_id, call_id)
        if call.status is not CampaigncallStatus.DONE:
            raise Conflict("The call goes on", reason="STATE_INVALID")
        deleted = replace(call, updated_at=now, deleted_at=now)
        await save_campaigncall(tx, deleted, "campaigncall_deleted", now)
    return deleted


async def save_campaigncall(tx: Transaction, call: Campaigncall, kind: str, now: datetime) -> None:
    """For use cases that compose."""
    await tx.campaigns.save_calls([call])
    await publish(tx, Event(call.account_id, kind, call.id, campaigncall_shape(call), now))


async def _load(tx: Transaction, account_id: AccountId, call_id: UUID) -> Campaigncall:
    found = await tx.campaigns.find_call(account_id, call_id)
    if found is None:
        raise NotFound("There is no such campaigncall", reason="CAMPAIGNCALL_NOT_FOUND")
    return found
