"""Contact cases: opened by flows and by the API, read, changed and closed by their owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, new_id, unless_nil
from dialplane.domain.messaging.cases import ContactCase
from dialplane.domain.programs.commands import OpenCase
from dialplane.services.messaging.contacts import CONTACTS
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


@dataclass(frozen=True, slots=True)
class CaseText:
    name: str
    detail: str = ""
    note: str = ""


async def create_case(
    database: Database, account_id: AccountId, text: CaseText, contact_id: UUID | None, now: datetime
) -> ContactCase:
    """Raises NotFound (CONTACT_NOT_FOUND)."""
    case = ContactCase(new_id(now), account_id, text.name, text.detail, text.note, now, contact_id=contact_id)
    async with database.transaction() as tx:
        if contact_id is not None:
            await CONTACTS.load(tx, account_id, contact_id)
        await tx.cases.save(case)
    return case


async def update_case(
    database: Database, account_id: AccountId, case_id: UUID, fields: Mapping[str, Any], now: datetime
) -> ContactCase:
    """Change the given fields, the nil `contact_id` takes it away. Raises NotFound, Conflict (CASE_CLOSED)."""
    async with database.transaction() as tx:
        found = _open(await tx.cases.find(account_id, case_id, lock=True))
        changed = replace(found, **fields, updated_at=now)
        if changed.contact_id is not None and "contact_id" in fields:
            changed = replace(changed, contact_id=unless_nil(changed.contact_id))
            if changed.contact_id is not None:
                await CONTACTS.load(tx, account_id, changed.contact_id)
        await tx.cases.save(changed)
    return changed


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
        found = _open(await tx.cases.find(account_id, case_id, lock=True))
        closed = replace(found, status="closed", updated_at=now)
        await tx.cases.save(closed)
    return closed


def _found(case: ContactCase | None) -> ContactCase:
    if case is None:
        raise NotFound("There is no such case", reason="RESOURCE_NOT_FOUND")
    return case


def _open(case: ContactCase | None) -> ContactCase:
    found = _found(case)
    if found.status == "closed":
        raise Conflict("The case is closed already", reason="CASE_CLOSED")
    return found


def case_shape(case: ContactCase) -> dict[str, object]:
    return {
        "id": show_id(case.id),
        "customer_id": show_id(case.account_id),
        "contact_id": show_id(case.contact_id),
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
