"""Outdials and their targets as resources."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dialplane.domain.campaigns.outdials import Outdial, OutdialTarget, check_target
from dialplane.domain.errors import NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.campaigns import outdial_shape
from dialplane.services.transaction import Database, Transaction


class OutdialStore(Protocol):
    """Port. Deleted ones are not found; `save` inserts, or writes over the row of the same id."""

    async def save_outdial(self, outdial: Outdial) -> None: ...

    async def find_outdial(self, account_id: AccountId, outdial_id: UUID) -> Outdial | None: ...

    async def list_outdials(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> Sequence[Outdial]: ...

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


async def create_outdial(database: Database, outdial: Outdial) -> Outdial:
    async with database.transaction() as tx:
        await _save(tx, outdial, "outdial_created", outdial.created_at)
    return outdial


async def list_outdials(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Outdial]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.campaigns.list_outdials(account_id, before=before, limit=limit)


async def get_outdial(database: Database, account_id: AccountId, outdial_id: UUID) -> Outdial:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await load_outdial(tx, account_id, outdial_id)


async def update_outdial(
    database: Database, account_id: AccountId, outdial_id: UUID, fields: Mapping[str, Any], now: datetime
) -> Outdial:
    """Change the given fields. Raises NotFound."""
    async with database.transaction() as tx:
        changed = replace(await load_outdial(tx, account_id, outdial_id), **fields, updated_at=now)
        await _save(tx, changed, "outdial_updated", now)
    return changed


async def delete_outdial(database: Database, account_id: AccountId, outdial_id: UUID, now: datetime) -> Outdial:
    """A campaign that names it comes to its end. Raises NotFound."""
    async with database.transaction() as tx:
        deleted = replace(await load_outdial(tx, account_id, outdial_id), updated_at=now, deleted_at=now)
        await _save(tx, deleted, "outdial_deleted", now)
    return deleted


# --- targets -------------------------------------------------------------------------------------------------------


async def create_target(database: Database, target: OutdialTarget) -> OutdialTarget:
    """Raises NotFound (OUTDIAL_NOT_FOUND), Invalid naming the destination."""
    async with database.transaction() as tx:
        await load_outdial(tx, target.account_id, target.outdial_id)
        await tx.campaigns.save_targets([check_target(target)])
    return target


async def list_targets(
    database: Database, account_id: AccountId, outdial_id: UUID, *, before: datetime | None, limit: int
) -> Sequence[OutdialTarget]:
    """Newest first; those made before `before`. Raises NotFound (OUTDIAL_NOT_FOUND)."""
    async with database.reading() as tx:
        await load_outdial(tx, account_id, outdial_id)
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


async def load_outdial(tx: Transaction, account_id: AccountId, outdial_id: UUID) -> Outdial:
    """For use cases that compose. Raises NotFound."""
    found = await tx.campaigns.find_outdial(account_id, outdial_id)
    if found is None:
        raise NotFound("There is no such outdial", reason="OUTDIAL_NOT_FOUND", field="outdial_id")
    return found


async def _load_target(tx: Transaction, account_id: AccountId, outdial_id: UUID, target_id: UUID) -> OutdialTarget:
    await load_outdial(tx, account_id, outdial_id)
    found = await tx.campaigns.find_target(account_id, outdial_id, target_id)
    if found is None:
        raise NotFound("There is no such target", reason="OUTDIAL_TARGET_NOT_FOUND")
    return found


async def _save(tx: Transaction, outdial: Outdial, kind: str, now: datetime) -> None:
    await tx.campaigns.save_outdial(outdial)
    await publish(tx, Event(outdial.account_id, kind, outdial.id, outdial_shape(outdial), now))
