"""Business hours in Postgres."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.calling.schedules import Holiday, Schedule, Span
from dialplane.domain.ids import AccountId

_SQL = queries("schedules")


class PostgresScheduleStore:
    """Fulfils `services.calling.schedules.ScheduleStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, schedule: Schedule) -> None:
        await self._connection.execute(
            _SQL["save"],
            schedule.id,
            schedule.account_id,
            schedule.name,
            schedule.zone,
            [_write_spans(spans) for spans in schedule.week],
            [_write_holiday(holiday) for holiday in schedule.holidays],
            schedule.created_at,
            schedule.updated_at,
        )

    async def find(self, account_id: AccountId, schedule_id: UUID, *, lock: bool = False) -> Schedule | None:
        sql = _SQL["find_locked" if lock else "find"]
        row = await self._connection.fetchrow(sql, schedule_id, account_id)
        return None if row is None else _read(row)

    async def find_many(self, schedule_ids: Collection[UUID]) -> list[Schedule]:
        return [_read(row) for row in await self._connection.fetch(_SQL["find_many"], list(schedule_ids))]

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Schedule]:
        return [_read(row) for row in await self._connection.fetch(_SQL["list_for"], account_id, before, limit)]

    async def count(self, account_id: AccountId) -> int:
        return int(await self._connection.fetchval(_SQL["count"], account_id))

    async def is_used(self, schedule_id: UUID) -> bool:
        return bool(await self._connection.fetchval(_SQL["is_used"], str(schedule_id)))

    async def delete(self, schedule_id: UUID, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], schedule_id, now)


def _write_spans(spans: tuple[Span, ...]) -> list[list[int]]:
    return [[span.start, span.end] for span in spans]


def _write_holiday(holiday: Holiday) -> dict[str, object]:
    return {
        "first": holiday.first.isoformat(),
        "last": holiday.last.isoformat(),
        "name": holiday.name,
        "spans": _write_spans(holiday.spans),
        "yearly": holiday.is_yearly,
    }


def _read(row: asyncpg.Record) -> Schedule:
    return Schedule(
        id=row["id"],
        account_id=AccountId(row["account_id"]),
        name=row["name"],
        created_at=row["created_at"],
        zone=row["zone"],
        week=tuple(_read_spans(spans) for spans in row["week"]),
        holidays=tuple(_read_holiday(each) for each in row["holidays"]),
        updated_at=row["updated_at"],
    )


def _read_spans(pairs: list[list[int]]) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in pairs)


def _read_holiday(facts: dict[str, Any]) -> Holiday:
    return Holiday(
        date.fromisoformat(facts["first"]),
        date.fromisoformat(facts["last"]),
        facts["name"],
        _read_spans(facts["spans"]),
        facts["yearly"],
    )
