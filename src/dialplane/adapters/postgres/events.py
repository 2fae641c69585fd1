"""The outbox in Postgres."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.eventing.events import Event
from dialplane.domain.eventing.topics import FedEvent
from dialplane.domain.ids import NIL, NIL_TEXT, AccountId, EventId
from dialplane.services.eventing.events import EventPlace

_SQL = queries("events")
_LINES = msgspec.json.Encoder()


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
                "occurred_at": event.occurred_at,
                "run_id": event.run_id,
                "public": event.public,
            }
            for event_id, event in events
        ]
        outside = all(event.run_id is None for _, event in events)
        # Lines, as no JSON of ours has one within: of an array the driver looks at each member.
        data = _LINES.encode_lines([event.data for _, event in events])[:-1].decode()
        await self._connection.execute(_SQL["append_outside_runs" if outside else "append"], rows, data)

    async def watch(self, account_ids: Sequence[AccountId], watcher: UUID, time: timedelta) -> None:
        await self._connection.execute(_SQL["watch"], account_ids, watcher, time)

    async def find_many(self, event_ids: Sequence[EventId]) -> list[FedEvent]:
        return [fed_event(row) for row in await self._connection.fetch(_SQL["find_many"], event_ids)]

    async def find_place(self, account_id: AccountId, event_id: EventId) -> EventPlace | None:
        row = await self._connection.fetchrow(_SQL["find_place"], account_id, event_id)
        return None if row is None else EventPlace(row["resource_seq"], row["horizon"])

    async def list_after(
        self, account_id: AccountId, event_id: EventId, place: EventPlace, *, limit: int, offset: int
    ) -> list[FedEvent]:
        rows = await self._connection.fetch(
            _SQL["list_after"], account_id, place.number, place.horizon, event_id, limit, offset
        )
        return [fed_event(row) for row in rows]

    async def next_xid(self) -> int:
        return int(await self._connection.fetchval(_SQL["next_xid"]))

    async def oldest_xid(self) -> int:
        return int(await self._connection.fetchval(_SQL["oldest_xid"]))


def fed_event(row: asyncpg.Record) -> FedEvent:
    """An event as followers and readers of the feed get it."""
    head = msgspec.json.encode({"id": row["id"], "type": row["type"]})
    return FedEvent(
        id=EventId(row["id"]),
        account_id=AccountId(row["account_id"]),
        type=row["type"],
        resource=row["resource"],
        resource_id=row["resource_id"],
        owner_id=UUID(row["owner_id"]) if row["owner_id"] else NIL,
        message=head[:-1] + b',"data":' + row["data"].encode() + b"}",
        # Who reads the feed page by page follows no topic: there it is not asked for.
        conversation_id=UUID(row.get("conversation_id") or NIL_TEXT),
        member_ids=tuple(row.get("member_ids") or ()),
    )
