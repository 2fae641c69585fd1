"""The outbox in Postgres."""

from collections.abc import Sequence

import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.events import Event
from dialplane.domain.ids import EventId

_SQL = queries("events")


class PostgresEventStore:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def append(self, events: Sequence[tuple[EventId, Event]]) -> None:
        columns: list[list[object]] = [
            [event_id for event_id, _ in events],
            [event.account_id for _, event in events],
            [event.type for _, event in events],
            [event.resource_id for _, event in events],
            [msgspec.json.encode(event.data).decode() for _, event in events],
            [event.occurred_at for _, event in events],
        ]
        runs = [event.run_id for _, event in events]
        public = [event.public for _, event in events]
        if any(runs):
            await self._connection.execute(_SQL["append"], *columns, runs, public)
        else:
            await self._connection.execute(_SQL["append_outside_runs"], *columns, public)
