"""Renewal under any clock: whoever looks, however often and however late, each number pays each month once (LED-11)."""

import asyncio
import random
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.charging.ledger import Entry, ReferenceType
from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.services.charging.billing import list_billings
from dialplane.services.numbering.numbers import get_number
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.numbering.renewal import renew_numbers
from tests.services.buying import assert_balanced, buyer, carriers, stock

STARTS = (
    datetime(2024, 1, 31, 23, 59, 59, tzinfo=UTC),  # before the February of a leap year
    datetime(2023, 1, 30, tzinfo=UTC),  # before one of 28 days
    datetime(2024, 2, 29, 12, tzinfo=UTC),
    datetime(2025, 12, 31, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),  # the hour that summer time skips
)


async def bought_at(database: PostgresDatabase, account_id: AccountId, number: str, at: datetime) -> Number:
    await stock(database, number)
    got = await buy_number(database, carriers(database), account_id, NumberOrder(number), at)
    assert isinstance(got, Number)
    return got


async def renewals(database: PostgresDatabase, account_id: AccountId) -> list[Entry]:
    entries = await list_billings(database, account_id, limit=1000)
    return [entry for entry in entries if entry.reference_type is ReferenceType.NUMBER_RENEW]


def month_of(moment: datetime) -> int:
    return moment.year * 12 + moment.month


def due_days(bought: datetime, until: datetime) -> list[datetime]:
    """Worked out in another way than by the code under test."""
    found = []
    for n in range(1, 60):
        year, month = divmod(bought.year * 12 + bought.month - 1 + n, 12)
        due = bought.replace(year=year, month=month + 1, day=min(bought.day, monthrange(year, month + 1)[1]))
        if due > until:
            break
        found.append(due)
    return found


@pytest.mark.parametrize("start", STARTS, ids=str)
async def test_long_stop_is_caught_up_month_by_month(database: PostgresDatabase, start: datetime) -> None:
    account_id = await buyer(database)
    number = await bought_at(database, account_id, "+14155550100", start)
    late = start + timedelta(days=500)

    await asyncio.gather(*(renew_numbers(database, late) for _ in range(4)))
    await renew_numbers(database, late)

    paid = sorted(entry.started_at for entry in await renewals(database, account_id))
    assert paid == due_days(start, late)
    after = await get_number(database, account_id, number.id)
    assert after.renews_at is not None
    assert month_of(after.renews_at) == month_of(paid[-1]) + 1
    await assert_balanced(database)


async def test_clock_that_runs_in_any_steps_and_back_charges_the_same(database: PostgresDatabase) -> None:
    """Workers that look at random times, in parallel, with a clock that is also set back now and then."""
    dice = random.Random(11)
    account_id = await buyer(database, 1_000_000_000)
    starts = {f"+141555501{n:02}": start for n, start in enumerate(STARTS)}
    for number, start in starts.items():
        await bought_at(database, account_id, number, start)
    end = max(STARTS) + timedelta(days=200)

    now = min(STARTS)
    while now < end:
        now = min(end, now + timedelta(days=dice.choice([1, 3, 20, 45, 120]), seconds=dice.randrange(86_400)))
        clocks = [now, now - timedelta(days=dice.randrange(40)), now]
        await asyncio.gather(*(renew_numbers(database, clock) for clock in clocks))

    paid: dict[str, list[datetime]] = {number: [] for number in starts}
    for entry in await renewals(database, account_id):
        paid[entry.detail].append(entry.started_at)
    assert {number: sorted(days) for number, days in paid.items()} == {
        number: due_days(start, end) for number, start in starts.items()
    }
    assert all(a < b for days in paid.values() for a, b in pairwise(sorted(days)))
    await assert_balanced(database)
