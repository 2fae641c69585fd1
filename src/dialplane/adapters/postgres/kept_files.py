"""Files of imports in Postgres."""

from datetime import datetime
from uuid import UUID

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.services.supply.kept_files import KeptFile

_SQL = queries("kept_files")


class PostgresKeptFileStore:
    """Fulfils `services.supply.kept_files.KeptFileStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, file_id: UUID, file: KeptFile, now: datetime) -> None:
        await self._connection.execute(_SQL["add"], file_id, file.body, dict(file.wish), now)

    async def find(self, file_id: UUID) -> KeptFile | None:
        row = await self._connection.fetchrow(_SQL["find"], file_id)
        return None if row is None else KeptFile(row["body"], row["wish"])

    async def forget(self, *, before: datetime) -> None:
        await self._connection.execute(_SQL["forget"], before)
