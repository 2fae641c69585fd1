"""Parts of tables by month, and old rows of the others, in Postgres."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import NIL, first_id
from dialplane.domain.operating.retention import Kind, Part

_SQL = queries("retention")


class PostgresRetentionStore:
    """Fulfils `services.operating.retention.RetentionStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def make_parts(self, kind: Kind, until: datetime) -> int:
        return int(await self._connection.fetchval(_SQL["make_parts"], kind, until))

    async def ended_parts(self, kind: Kind, before: datetime) -> Sequence[Part]:
        rows = await self._connection.fetch(_SQL["ended_parts"], kind, before)
        return [Part(Kind(row["kind"]), row["name"], row["since_at"], row["until_at"]) for row in rows]

    async def read_part(self, part: Part, after: UUID, limit: int) -> Sequence[tuple[UUID, str]]:
        since = NIL if part.since is None else first_id(part.since)
        sql = _SQL[f"read_{part.kind}"]
        rows = await self._connection.fetch(sql, since, first_id(part.until), after, limit)
        return [(row["id"], row["line"]) for row in rows]

    async def drop_part(self, part: Part) -> None:
        try:
            await self._connection.execute(_SQL["drop_part"], part.name)
        except asyncpg.LockNotAvailableError as fault:
            raise Unavailable(f"{part.name} is in use") from fault

    async def take_old(self, kind: Kind, before: UUID, limit: int) -> Sequence[tuple[UUID, str]]:
        rows = await self._connection.fetch(_SQL[f"take_{kind}"], before, limit)
        return sorted((row["id"], row["line"]) for row in rows)
