"""The history of numbers in Postgres."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.history import Actor, ActorKind, FieldChange, NumberEvent

_SQL = queries("history")
_COLUMNS = ("id", "number_id", "account_id", "number", "what", "actor", "actor_id", "changes", "created_at")


class PostgresHistoryStore:
    """Fulfils `services.numbering.history.HistoryStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, event: NumberEvent) -> None:
        await self._connection.execute(_SQL["add"], *_values(event))

    async def add_many(self, events: Sequence[NumberEvent]) -> None:
        rows = [dict(zip(_COLUMNS, _values(event), strict=True)) for event in events]
        await self._connection.execute(_SQL["add_many"], rows)

    async def list_for(self, number_id: NumberId, *, before: datetime | None, limit: int) -> list[NumberEvent]:
        return [_read(row) for row in await self._connection.fetch(_SQL["list_for"], number_id, before, limit)]


def _values(event: NumberEvent) -> tuple[object, ...]:
    changes = [{"field": each.field, "from": each.old, "to": each.new} for each in event.changes]
    return (
        event.id, event.number_id, event.account_id, event.number, event.what, event.actor.kind, event.actor.id,
        changes, event.created_at,
    )  # fmt: skip


def _read(row: asyncpg.Record) -> NumberEvent:
    return NumberEvent(
        id=row["id"],
        number_id=NumberId(row["number_id"]),
        account_id=AccountId(row["account_id"]),
        number=row["number"],
        what=row["what"],
        actor=Actor(ActorKind(row["actor"]), row["actor_id"]),
        changes=tuple(FieldChange(each["field"], each["from"], each["to"]) for each in row["changes"]),
        created_at=row["created_at"],
    )
