"""Business hours as a resource: a week, holidays, and files of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.calling.holiday_files import read_holidays
from dialplane.domain.calling.schedules import (
    MOST_SCHEDULES,
    Holiday,
    Moment,
    Schedule,
    Span,
    check_schedule,
    moment_of,
)
from dialplane.domain.errors import Conflict, LimitExceeded, NotFound
from dialplane.domain.ids import AccountId, new_id
from dialplane.services.transaction import Database, Transaction


class ScheduleStore(Protocol):
    """Port. Deleted ones are not found."""

    async def save(self, schedule: Schedule) -> None: ...

    async def find(self, account_id: AccountId, schedule_id: UUID, *, lock: bool = False) -> Schedule | None: ...

    async def find_many(self, schedule_ids: Collection[UUID]) -> list[Schedule]: ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Schedule]: ...

    async def count(self, account_id: AccountId) -> int: ...

    async def is_used(self, schedule_id: UUID) -> bool:
        """Whether a number goes by it."""
        ...

    async def delete(self, schedule_id: UUID, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """What is written; None leaves a thing as it is."""

    name: str | None = None
    zone: str | None = None
    week: tuple[tuple[Span, ...], ...] | None = None
    holidays: tuple[Holiday, ...] | None = None


async def create_schedule(database: Database, account_id: AccountId, change: ScheduleChange, now: datetime) -> Schedule:
    """Raises Invalid naming the field, LimitExceeded."""
    schedule = check_schedule(_changed(Schedule(new_id(now), account_id, "", now), change))
    async with database.transaction() as tx:
        if await tx.schedules.count(account_id) >= MOST_SCHEDULES:
            raise LimitExceeded(f"An account has at most {MOST_SCHEDULES} schedules")
        await tx.schedules.save(schedule)
    return schedule


async def update_schedule(
    database: Database, account_id: AccountId, schedule_id: UUID, change: ScheduleChange, now: datetime
) -> Schedule:
    """Raises Invalid naming the field, NotFound."""
    async with database.transaction() as tx:
        old = await require_schedule(tx, account_id, schedule_id, lock=True)
        schedule = check_schedule(replace(_changed(old, change), updated_at=now))
        await tx.schedules.save(schedule)
    return schedule


async def import_holidays(
    database: Database, account_id: AccountId, schedule_id: UUID, calendar: str, now: datetime
) -> Schedule:
    """Add the holidays of an iCalendar file; one that is there already, days and all, stays single.

    Raises Invalid (calendar, holidays), NotFound.
    """
    found = read_holidays(calendar)
    async with database.transaction() as tx:
        old = await require_schedule(tx, account_id, schedule_id, lock=True)
        holidays = tuple(dict.fromkeys((*old.holidays, *found)))
        schedule = check_schedule(replace(old, holidays=holidays, updated_at=now))
        await tx.schedules.save(schedule)
    return schedule


async def get_schedule(database: Database, account_id: AccountId, schedule_id: UUID) -> Schedule:
    """Raises NotFound."""
    async with database.reading() as tx:
        return await require_schedule(tx, account_id, schedule_id)


async def list_schedules(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Schedule]:
    """Newest first."""
    async with database.reading() as tx:
        return await tx.schedules.list_for(account_id, before=before, limit=limit)


async def delete_schedule(database: Database, account_id: AccountId, schedule_id: UUID, now: datetime) -> Schedule:
    """Raises NotFound, Conflict where a number goes by it."""
    async with database.transaction() as tx:
        schedule = await require_schedule(tx, account_id, schedule_id, lock=True)
        if await tx.schedules.is_used(schedule_id):
            raise Conflict("A number goes by this schedule", reason="SCHEDULE_IN_USE")
        await tx.schedules.delete(schedule_id, now)
    return schedule


async def ask_schedule(
    database: Database, account_id: AccountId, schedule_id: UUID, number: str, at: datetime
) -> Moment:
    """Whether it is open at `at` for `number`. Raises NotFound."""
    return moment_of(await get_schedule(database, account_id, schedule_id), at, number)


async def require_schedule(
    tx: Transaction, account_id: AccountId, schedule_id: UUID, *, lock: bool = False
) -> Schedule:
    """Raises NotFound (SCHEDULE_NOT_FOUND)."""
    schedule = await tx.schedules.find(account_id, schedule_id, lock=lock)
    if schedule is None:
        raise NotFound("There is no such schedule", reason="SCHEDULE_NOT_FOUND", field="schedule_id")
    return schedule


def _changed(schedule: Schedule, change: ScheduleChange) -> Schedule:
    return replace(
        schedule,
        name=schedule.name if change.name is None else change.name,
        zone=schedule.zone if change.zone is None else change.zone,
        week=schedule.week if change.week is None else change.week,
        holidays=schedule.holidays if change.holidays is None else change.holidays,
    )
