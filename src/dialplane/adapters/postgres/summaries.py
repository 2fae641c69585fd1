"""Summaries of assistants in Postgres."""

from datetime import datetime
from uuid import UUID

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId
from dialplane.domain.programs.summaries import AiSummary

_SQL = queries("summaries")


class PostgresSummaryStore:
    """Fulfils `services.programs.summaries.SummaryStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, summary: AiSummary) -> None:
        await self._connection.execute(_SQL["add"], [summary])

    async def find(self, account_id: AccountId, summary_id: UUID) -> AiSummary | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, summary_id)
        return None if row is None else AiSummary(**row)

    async def list_made(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[AiSummary]:
        return [AiSummary(**row) for row in await self._connection.fetch(_SQL["list_made"], account_id, before, limit)]

    async def delete(self, summary_id: UUID, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], summary_id, now)
