"""The history of numbers: written in the transaction of the change itself, read by who holds the number."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId, NumberId, new_id
from dialplane.domain.numbering.history import Actor, FieldChange, NumberEvent
from dialplane.domain.numbering.numbers import Number
from dialplane.services.shapes.common import show_time
from dialplane.services.shapes.handling import handling_shape
from dialplane.services.shapes.targets import target_shape
from dialplane.services.transaction import Database, Transaction

_EMPTY: tuple[object, ...] = (None, "", [], {}, False)


class HistoryStore(Protocol):
    """Port. Entries are never changed."""

    async def add(self, event: NumberEvent) -> None: ...

    async def add_many(self, events: Sequence[NumberEvent]) -> None: ...

    async def list_for(self, number_id: NumberId, *, before: datetime | None, limit: int) -> list[NumberEvent]:
        """Newest first; made before `before`."""
        ...


async def record(tx: Transaction, before: Number | None, after: Number, what: str, by: Actor, now: datetime) -> None:
    """Keep what became of the number; nothing is written where no field that answers show is another.

    `before` is None for a new number. Works on a `together`, too.
    """
    changes = _compare({} if before is None else _facts(before), _facts(after))
    if changes:
        await tx.history.add(_entry(after, what, by, changes, now))


async def record_new(tx: Transaction, made: Sequence[tuple[Number, Actor]], what: str) -> None:
    """`record` for many new numbers at once, each with who made it. Works on a `together`, too."""
    await tx.history.add_many(
        [_entry(number, what, by, _compare({}, _facts(number)), number.created_at) for number, by in made]
    )


def _entry(number: Number, what: str, by: Actor, changes: tuple[FieldChange, ...], now: datetime) -> NumberEvent:
    return NumberEvent(new_id(now), number.id, number.account_id, number.number, what, by, changes, now)


async def list_history(
    database: Database,
    account_id: AccountId,
    number_id: NumberId,
    *,
    before: datetime | None = None,
    limit: int = 100,
) -> list[NumberEvent]:
    """Newest first, of a number that the account holds or was the last to hold: who gave it up is seen here, too.

    Raises NotFound (NUMBER_NOT_FOUND).
    """
    async with database.reading() as tx:
        if await tx.numbers.find(account_id, number_id) is None:
            raise NotFound("There is no such number", reason="NUMBER_NOT_FOUND")
        return await tx.history.list_for(number_id, before=before, limit=limit)


def _compare(before: dict[str, object], after: dict[str, object]) -> tuple[FieldChange, ...]:
    """What differs; of a new number, what is not empty."""
    return tuple(
        FieldChange(field, before.get(field), new)
        for field, new in after.items()
        if (before[field] != new if before else new not in _EMPTY)
    )


def _facts(number: Number) -> dict[str, object]:
    """The fields whose changes are kept, in the words and forms of the native API."""
    return {
        "customer_id": str(number.account_id),
        "status": number.status.value,
        "suspended_for": number.suspended_for.value,
        "voice": target_shape(number.targets.voice),
        "message": target_shape(number.targets.message),
        "refer": target_shape(number.targets.refer),
        "handling": handling_shape(number.handling),
        "name": number.name,
        "detail": number.detail,
        "tags": list(number.tags),
        "metadata": number.metadata,
        "protected": number.protected,
        "monthly_micros": number.monthly_micros,
        "tm_renew": show_time(number.renews_at),
        "grace_until": show_time(number.grace_until),
    }
