"""Contact cases: opened by flows, read and closed by their owner."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.messaging.cases import ContactCase
from dialplane.domain.programs.commands import OpenCase
from dialplane.services.shapes.common import show_id, show_time
from dialplane.services.transaction import Database


class CaseStore(Protocol):
    """Port."""

    async def save(self, case: ContactCase) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find(self, account_id: AccountId, case_id: UUID, *, lock: bool = False) -> ContactCase | None:
        """`lock`: nobody else changes it until the transaction ends."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[ContactCase]:
        """Newest first; those made before `before`."""
        ...


async def open_case(database: Database, run: Run, wish: OpenCase, now: datetime) -> ContactCase:
    case = ContactCase(
        id=new_id(now),
        account_id=run.account_id,
        name=wish.name,
        detail=wish.detail,
        note=wish.note,
        created_at=now,
        reference_type=run.reference_type.value,
        reference_id=run.reference_id,
        run_id=run.id,
    )
    async with database.transaction() as tx:
        await tx.cases.save(case)
    return case


async def list_cases(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[ContactCase]:
    async with database.reading() as tx:
        return await tx.cases.list_for(account_id, before=before, limit=limit)


async def get_case(database: Database, account_id: AccountId, case_id: UUID) -> ContactCase:
    """Raises NotFound."""
    async with database.reading() as tx:
        return _found(await tx.cases.find(account_id, case_id))


async def close_case(database: Database, account_id: AccountId, case_id: UUID, now: datetime) -> ContactCase:
    """Raises NotFound, Conflict (CASE_CLOSED)."""
    async with database.transaction() as tx:
        found = _found(await tx.cases.find(account_id, case_id, lock=True))
        if found.status == "closed":
            raise Conflict("The case is closed already", reason="CASE_CLOSED")
        closed = replace(found, status="closed", updated_at=now)
        await tx.cases.save(closed)
    return closed


def _found(case: ContactCase | None) -> ContactCase:
    if case is None:
        raise NotFound("There is no such case", reason="RESOURCE_NOT_FOUND")
    return case


def case_shape(case: ContactCase) -> dict[str, object]:
    return {
        "id": show_id(case.id),
        "customer_id": show_id(case.account_id),
        "activeflow_id": show_id(case.run_id),
        "reference_type": case.reference_type,
        "reference_id": show_id(case.reference_id),
        "name": case.name,
        "detail": case.detail,
        "note": case.note,
        "status": case.status,
        "tm_create": show_time(case.created_at),
        "tm_update": show_time(case.updated_at),
        "tm_delete": show_time(case.deleted_at),
    }
