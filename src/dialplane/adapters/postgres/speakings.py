"""Speakings in Postgres."""

from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.calling.speakings import Speaking, SpeakingStatus
from dialplane.domain.ids import AccountId

_SQL = queries("speakings")


def _speaking(row: asyncpg.Record) -> Speaking:
    return Speaking(**{**dict(row), "status": SpeakingStatus(row["status"])})


class PostgresSpeakingStore:
    """Fulfils `services.calling.speakings.SpeakingStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, speaking: Speaking) -> None:
        await self._connection.execute(_SQL["save"], [speaking])

    async def find(self, account_id: AccountId, speaking_id: UUID, *, lock: bool = False) -> Speaking | None:
        row = await self._connection.fetchrow(_SQL["lock" if lock else "find"], account_id, speaking_id)
        return None if row is None else _speaking(row)

    async def list_for(self, account_id: AccountId, *, limit: int) -> list[Speaking]:
        return [_speaking(row) for row in await self._connection.fetch(_SQL["list_for"], account_id, limit)]

    async def lock_on_node(self, node: str) -> list[Speaking]:
        return [_speaking(row) for row in await self._connection.fetch(_SQL["lock_on_node"], node)]
