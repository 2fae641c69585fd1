"""Outplans as a resource: made, read, changed and deleted by their owner."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dialplane.domain.campaigns.outplans import Outplan
from dialplane.domain.errors import NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.campaigns import outplan_shape
from dialplane.services.transaction import Database, Transaction


class OutplanStore(Protocol):
    """Port. Deleted ones are not found."""

    async def save_outplan(self, plan: Outplan) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find_outplan(self, account_id: AccountId, plan_id: UUID) -> Outplan | None: ...

    async def list_outplans(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> Sequence[Outplan]: ...


async def create_outplan(database: Database, plan: Outplan) -> Outplan:
    async with database.transaction() as tx:
        await _save(tx, plan, "outplan_created", plan.created_at)
    return plan


async def list_outplans(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Outplan]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.campaigns.list_outplans(account_id, before=before, limit=limit)


async def get_outplan(database: Database, account_id: AccountId, plan_id: UUID) -> Outplan:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await load_outplan(tx, account_id, plan_id)


async def update_outplan(
    database: Database, account_id: AccountId, plan_id: UUID, fields: Mapping[str, Any], now: datetime
) -> Outplan:
    """Change the given fields, for the tries that come. Raises NotFound."""
    async with database.transaction() as tx:
        changed = replace(await load_outplan(tx, account_id, plan_id), **fields, updated_at=now)
        await _save(tx, changed, "outplan_updated", now)
    return changed


async def delete_outplan(database: Database, account_id: AccountId, plan_id: UUID, now: datetime) -> Outplan:
    """A campaign that names it comes to its end. Raises NotFound."""
    async with database.transaction() as tx:
        deleted = replace(await load_outplan(tx, account_id, plan_id), updated_at=now, deleted_at=now)
        await _save(tx, deleted, "outplan_deleted", now)
    return deleted


async def load_outplan(tx: Transaction, account_id: AccountId, plan_id: UUID) -> Outplan:
    """For use cases that compose. Raises NotFound."""
    found = await tx.campaigns.find_outplan(account_id, plan_id)
    if found is None:
        raise NotFound("There is no such outplan", reason="OUTPLAN_NOT_FOUND", field="outplan_id")
    return found


async def _save(tx: Transaction, plan: Outplan, kind: str, now: datetime) -> None:
    """`outplan_*` does not reach customers' webhooks (reference 8.2)."""
    await tx.campaigns.save_outplan(plan)
    await publish(tx, Event(plan.account_id, kind, plan.id, outplan_shape(plan), now, public=False))
