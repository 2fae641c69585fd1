"""Rate decks that change at a time: a file is read when it comes, and imported when its day is there.

What has begun before keeps its rate, as with a change at once (LED-9).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.charging.rate_changes import RateChange, RateChangeState
from dialplane.domain.errors import Conflict, Invalid, LimitExceeded, NotFound
from dialplane.domain.ids import new_id
from dialplane.services.charging.rate_files import DeckPlan, apply_lines, check_faultless, plan_lines, read_lines
from dialplane.services.charging.rates import find_version, lock_deck
from dialplane.services.transaction import Database

MOST_WAITING = 100
"""Of one deck: each is a file of megabytes."""


class RateChangeStore(Protocol):
    """Port."""

    async def add(self, change: RateChange) -> None: ...

    async def save(self, change: RateChange) -> None:
        """Its state, end and file."""
        ...

    async def find_locked(self, deck: str, change_id: UUID) -> RateChange | None:
        """Locked until the transaction ends."""
        ...

    async def list_for(self, deck: str, *, before: datetime | None, limit: int) -> Sequence[RateChange]:
        """Newest first, made before `before`; without their files."""
        ...

    async def count_waiting(self, deck: str) -> int: ...

    async def due(self, now: datetime) -> RateChange | None:
        """The first of those whose time has come, locked."""
        ...


async def schedule_change(
    database: Database, deck: str, text: str, effective_at: datetime, now: datetime, *, replaces: bool
) -> tuple[RateChange, DeckPlan]:
    """Import the file at that time. Gives what it would change if it were imported now, too.

    Raises NotFound; Invalid (`effective_at`, or `csv` with the faults in its details); LimitExceeded.
    """
    if effective_at <= now:
        raise Invalid("effective_at lies in the past: leave it out to change the deck now", field="effective_at")
    read = await read_lines(text)
    async with database.transaction() as tx:
        version = await lock_deck(tx, deck)
        plan = await plan_lines(tx, deck, version, read, replaces=replaces)
        check_faultless(plan)
        if await tx.rate_changes.count_waiting(deck) >= MOST_WAITING:
            raise LimitExceeded(f"{MOST_WAITING} changes of this deck wait already", reason="RESOURCE_LIMIT_EXCEEDED")
        change = RateChange(new_id(now), deck, effective_at, RateChangeState.SCHEDULED, replaces, text, now)
        await tx.rate_changes.add(change)
    return change, plan


async def list_changes(database: Database, deck: str, *, before: datetime | None, limit: int) -> Sequence[RateChange]:
    """Newest first, those that are over too. Raises NotFound."""
    async with database.reading() as tx:
        await find_version(tx, deck)
        return await tx.rate_changes.list_for(deck, before=before, limit=limit)


async def cancel_change(database: Database, deck: str, change_id: UUID, now: datetime) -> RateChange:
    """Raises NotFound; Conflict where it is over."""
    async with database.transaction() as tx:
        change = await tx.rate_changes.find_locked(deck, change_id)
        if change is None:
            raise NotFound("There is no such change", reason="RATE_CHANGE_NOT_FOUND")
        if change.state is not RateChangeState.SCHEDULED:
            raise Conflict(f"The change is {change.state} already", reason="STATE_INVALID")
        cancelled = change.ended(RateChangeState.CANCELLED, now)
        await tx.rate_changes.save(cancelled)
    return cancelled


async def apply_due_changes(database: Database, now: datetime) -> int:
    """Import what is due, in the order of its time; how many changes that were. `now` is the billing clock's."""
    applied = 0
    while await _apply_next(database, now):
        applied += 1
    return applied


async def _apply_next(database: Database, now: datetime) -> bool:
    async with database.transaction() as tx:
        change = await tx.rate_changes.due(now)
        if change is None:
            return False
        lines = await read_lines(change.csv)
        version = await lock_deck(tx, change.deck)
        await apply_lines(tx, change.deck, version, lines, now, replaces=change.replaces)
        await tx.rate_changes.save(change.ended(RateChangeState.APPLIED, now))
    return True
