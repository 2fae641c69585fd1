"""What the tables of every subject say of one thing."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.runs import read_run
from dialplane.domain.calling.timelines import Happening
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId

_SQL = queries("timelines")


def _happening(row: asyncpg.Record, kind: str) -> Happening:
    return Happening(row["at"], kind, row["type"], row["data"])


class PostgresTimelineStore:
    """Fulfils `services.calling.timelines.TimelineStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def events(self, account_id: AccountId, resource_ids: Collection[UUID]) -> list[tuple[UUID, Happening]]:
        rows = await self._connection.fetch(_SQL["events"], account_id, list(resource_ids))
        return [(row["id"], _happening(row, "event")) for row in rows]

    async def webhooks(
        self, account_id: AccountId, event_ids: Collection[UUID], *, since: datetime, until: datetime
    ) -> list[Happening]:
        rows = await self._connection.fetch(_SQL["webhooks"], account_id, list(event_ids), since, until)
        return [_happening(row, "webhook") for row in rows]

    async def money(self, account_id: AccountId, keys: Collection[str]) -> list[Happening]:
        rows = await self._connection.fetch(_SQL["money"], account_id, list(keys))
        return [_happening(row, "money") for row in rows]

    async def recordings(self, account_id: AccountId, recording_ids: Collection[UUID]) -> list[Happening]:
        rows = await self._connection.fetch(_SQL["recordings"], account_id, list(recording_ids))
        return [_happening(row, "recording") for row in rows]

    async def runs_of(self, account_id: AccountId, reference_id: UUID) -> list[Run]:
        return [read_run(row) for row in await self._connection.fetch(_SQL["runs_of"], account_id, reference_id)]

    async def local_address(self, node: str) -> tuple[str, int] | None:
        row = await self._connection.fetchrow(_SQL["local_address"], node)
        return None if row is None else (row["sip_host"], row["sip_port"])
