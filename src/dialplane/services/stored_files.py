"""Files that an account keeps: handed in, listed, read again and deleted. Content lies beside that of documents."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import LimitExceeded, NotFound
from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.stored_files import MOST_KEPT, Kept, StoredFile, check_file
from dialplane.services.objects import ObjectStore, written
from dialplane.services.tenancy.account_locks import hold_active_alone
from dialplane.services.transaction import Database, Transaction


class StoredFileStore(Protocol):
    """Port. Deleted ones are not found."""

    async def add(self, file: StoredFile) -> None: ...

    async def find(self, account_id: AccountId, file_id: UUID) -> StoredFile | None: ...

    async def list_kept(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> Sequence[StoredFile]: ...

    async def sum_up(self, account_id: AccountId) -> Kept: ...

    async def delete(self, file_id: UUID, now: datetime) -> None: ...

    async def find_keys(self, ids: Sequence[UUID]) -> set[str]:
        """The keys that the living rows of these ids name."""
        ...


async def keep_file(
    database: Database,
    objects: ObjectStore,
    account_id: AccountId,
    *,
    kind: str,
    name: str,
    content: bytes,
    now: datetime,
) -> StoredFile:
    """Raises Invalid naming the field, LimitExceeded where the account keeps as much as it may."""
    check_file(kind, name, len(content))
    file = StoredFile(new_id(now), account_id, kind, name, len(content), now)
    async with written(objects, key_of(file), content), database.transaction() as tx:
        await hold_active_alone(tx, account_id)  # who counts alone does not count the same room twice
        if (await tx.stored_files.sum_up(account_id)).size + file.size > MOST_KEPT:
            raise LimitExceeded(f"An account keeps {MOST_KEPT >> 30} GiB at most", reason="RESOURCE_LIMIT_EXCEEDED")
        await tx.stored_files.add(file)
    return file


async def sum_up_files(database: Database, account_id: AccountId) -> Kept:
    async with database.reading() as tx:
        return await tx.stored_files.sum_up(account_id)


async def list_files(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[StoredFile]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.stored_files.list_kept(account_id, before=before, limit=limit)


async def get_file(database: Database, account_id: AccountId, file_id: UUID) -> StoredFile:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await _load(tx, account_id, file_id)


async def read_file(
    database: Database, objects: ObjectStore, account_id: AccountId, file_id: UUID
) -> tuple[StoredFile, bytes]:
    """With its content. Raises NotFound."""
    file = await get_file(database, account_id, file_id)
    content = await objects.get(key_of(file))
    if content is None:
        raise _unknown()
    return file, content


async def delete_file(
    database: Database, objects: ObjectStore, account_id: AccountId, file_id: UUID, now: datetime
) -> StoredFile:
    """With its content. Raises NotFound."""
    async with database.transaction() as tx:
        deleted = replace(await _load(tx, account_id, file_id), deleted_at=now)
        await tx.stored_files.delete(file_id, now)
    await objects.delete(key_of(deleted))
    return deleted


def key_of(file: StoredFile) -> str:
    return f"{file.account_id}/{file.id}"


async def _load(tx: Transaction, account_id: AccountId, file_id: UUID) -> StoredFile:
    found = await tx.stored_files.find(account_id, file_id)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> NotFound:
    return NotFound("There is no such file", reason="FILE_NOT_FOUND")
