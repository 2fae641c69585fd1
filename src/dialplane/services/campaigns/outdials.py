"""Outdials and their targets as resources."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.campaigns.outdials import OutdialTarget, check_target
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId
from dialplane.services.resources import Resource
from dialplane.services.shapes.campaigns import outdial_shape
from dialplane.services.transaction import Database, Transaction


class OutdialTargetStore(Protocol):
    """Port. Deleted ones are not found; `save` inserts, or writes over the row of the same id."""

    async def save_targets(self, targets: list[OutdialTarget]) -> None: ...

    async def find_target(self, account_id: AccountId, outdial_id: UUID, target_id: UUID) -> OutdialTarget | None: ...

    async def lock_target(self, target_id: UUID) -> OutdialTarget:
        """A deleted one too."""
        ...

    async def list_targets(
        self, account_id: AccountId, outdial_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[OutdialTarget]: ...

    async def lock_due(self, outdial_id: UUID, *, now: datetime, limit: int) -> Sequence[OutdialTarget]:
        """Those whose turn it is, the longest due first; what another worker holds is passed over."""
        ...

    async def is_waiting(self, outdial_id: UUID) -> bool:
        """Whether a target is still to be tried, now or later, or is being tried."""
        ...


OUTDIALS = Resource("outdial", lambda tx: tx.outdials, outdial_shape, field="outdial_id")
"""A campaign whose outdial is deleted comes to its end."""


# --- targets -------------------------------------------------------------------------------------------------------


async def create_target(database: Database, target: OutdialTarget) -> OutdialTarget:
    """Raises NotFound (OUTDIAL_NOT_FOUND), Invalid naming the destination."""
    async with database.transaction() as tx:
        await OUTDIALS.load(tx, target.account_id, target.outdial_id)
        await tx.campaigns.save_targets([check_target(target)])
    return target


async def list_targets(
    database: Database, account_id: AccountId, outdial_id: UUID, *, before: datetime | None, limit: int
) -> Sequence[OutdialTarget]:
    """Newest first; those made before `before`. Raises NotFound (OUTDIAL_NOT_FOUND)."""
    async with database.reading() as tx:
        await OUTDIALS.load(tx, account_id, outdial_id)
        return await tx.campaigns.list_targets(account_id, outdial_id, before=before, limit=limit)


async def get_target(database: Database, account_id: AccountId, outdial_id: UUID, target_id: UUID) -> OutdialTarget:
    """Raises NotFound (OUTDIAL_NOT_FOUND, OUTDIAL_TARGET_NOT_FOUND)."""
    async with database.reading() as tx:
        return await _load_target(tx, account_id, outdial_id, target_id)


async def delete_target(
    database: Database, account_id: AccountId, outdial_id: UUID, target_id: UUID, now: datetime
) -> OutdialTarget:
    """It is not tried again; a call to it goes on. Raises as `get_target`."""
    async with database.transaction() as tx:
        target = await _load_target(tx, account_id, outdial_id, target_id)
        deleted = replace(await tx.campaigns.lock_target(target.id), updated_at=now, deleted_at=now)
        await tx.campaigns.save_targets([deleted])
    return deleted


async def _load_target(tx: Transaction, account_id: AccountId, outdial_id: UUID, target_id: UUID) -> OutdialTarget:
    await OUTDIALS.load(tx, account_id, outdial_id)
    found = await tx.campaigns.find_target(account_id, outdial_id, target_id)
    if found is None:
        raise NotFound("There is no such target", reason="OUTDIAL_TARGET_NOT_FOUND")
    return found
