"""The outbox in Postgres."""

from collections.abc import Sequence

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.events import Event
from dialplane.domain.ids import EventId

_SQL = queries("events")


class PostgresEventStore:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def append(self, events: Sequence[tuple[EventId, Event]]) -> None:
        rows = [
            {
                "id": event_id,
                "account_id": event.account_id,
                "type": event.type,
                "resource_id": event.resource_id,
                "data": event.data,
                "occurred_at": event.occurred_at,
                "run_id": event.run_id,
                "public": event.public,
            }
            for event_id, event in events
        ]
        outside = all(event.run_id is None for _, event in events)
        await self._connection.execute(_SQL["append_outside_runs" if outside else "append"], rows)
