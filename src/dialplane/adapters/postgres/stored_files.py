"""Files that accounts keep, in Postgres; their content is elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId
from dialplane.domain.stored_files import Kept, StoredFile

_SQL = queries("stored_files")


class PostgresStoredFileStore:
    """Fulfils `services.stored_files.StoredFileStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, file: StoredFile) -> None:
        await self._connection.execute(_SQL["add"], [file])

    async def find(self, account_id: AccountId, file_id: UUID) -> StoredFile | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, file_id)
        return None if row is None else StoredFile(**row)

    async def list_kept(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[StoredFile]:
        rows = await self._connection.fetch(_SQL["list_kept"], account_id, before, limit)
        return [StoredFile(**row) for row in rows]

    async def sum_up(self, account_id: AccountId) -> Kept:
        row = await self._connection.fetchrow(_SQL["sum_up"], account_id)
        assert row is not None  # an aggregate
        return Kept(row["count"], row["size"])

    async def delete(self, file_id: UUID, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], file_id, now)

    async def find_keys(self, ids: Sequence[UUID]) -> set[str]:
        return {row["key"] for row in await self._connection.fetch(_SQL["find_keys"], list(ids))}
