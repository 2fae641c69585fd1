"""Changes of rate decks that wait for their day, in Postgres."""

from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.charging.rate_changes import RateChange, RateChangeState

_SQL = queries("rate_changes")


class PostgresRateChangeStore:
    """Fulfils `services.charging.rate_changes.RateChangeStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, change: RateChange) -> None:
        await self._connection.execute(
            _SQL["add"], change.id, change.deck, change.effective_at, change.state, change.replaces, change.csv,
            change.created_at,
        )  # fmt: skip

    async def save(self, change: RateChange) -> None:
        await self._connection.execute(_SQL["save"], change.id, change.state, change.csv, change.ended_at)

    async def find_locked(self, deck: str, change_id: UUID) -> RateChange | None:
        return _read(await self._connection.fetchrow(_SQL["lock"], deck, change_id))

    async def list_for(self, deck: str, *, before: datetime | None, limit: int) -> list[RateChange]:
        rows = await self._connection.fetch(_SQL["list_for"], deck, before, limit)
        return [_made(row) for row in rows]

    async def count_waiting(self, deck: str) -> int:
        return int(await self._connection.fetchval(_SQL["count_waiting"], deck))

    async def due(self, now: datetime) -> RateChange | None:
        return _read(await self._connection.fetchrow(_SQL["due"], now))


def _read(row: asyncpg.Record | None) -> RateChange | None:
    return None if row is None else _made(row)


def _made(row: asyncpg.Record) -> RateChange:
    return RateChange(
        id=row["id"],
        deck=row["deck"],
        effective_at=row["effective_at"],
        state=RateChangeState(row["state"]),
        replaces=row["replaces"],
        csv=row["csv"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )
