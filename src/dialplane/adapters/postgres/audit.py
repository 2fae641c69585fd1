"""The audit log in Postgres."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.operating.audit import Deed, DeedFilter, Outcome, Via

_SQL = queries("audit")


class PostgresAuditStore:
    """Fulfils `services.operating.audit.AuditStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, deed: Deed) -> None:
        await self._connection.execute(
            _SQL["add"], deed.id, deed.via, deed.actor, deed.person_id, deed.address, deed.deed, deed.account_id,
            deed.subject, deed.facts, deed.outcome, deed.said, deed.created_at,
        )  # fmt: skip

    async def end(self, deed_id: UUID, outcome: Outcome, said: str) -> None:
        await self._connection.execute(_SQL["end"], deed_id, outcome, said)

    async def list(
        self, wanted: DeedFilter, *, since: UUID | None, until: UUID | None, before: UUID | None, limit: int
    ) -> Sequence[Deed]:
        rows = await self._connection.fetch(
            _SQL["list"], wanted.actor, wanted.deed, wanted.account_id, wanted.via, wanted.outcome, since, until,
            before, limit,
        )  # fmt: skip
        return [_read(row) for row in rows]


def _read(row: asyncpg.Record) -> Deed:
    return Deed(**{**row, "via": Via(row["via"]), "outcome": Outcome(row["outcome"])})
