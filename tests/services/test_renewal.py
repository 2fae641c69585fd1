"""The monthly renewal: warned, charged once, given grace, suspended, brought back; never taken away."""

import asyncio
from datetime import datetime, timedelta

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.charging.rating import CostType
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import Number, NumberStatus, SuspendedFor
from dialplane.services.charging.billing import add_credit, list_billings
from dialplane.services.numbering.number_life import reactivate_number
from dialplane.services.numbering.numbers import get_number
from dialplane.services.numbering.renewal import renew_before, renew_numbers
from tests.services.buying import NOW, PRICE, assert_balanced, bought, buyer, credit_of, stock

MONTHLY = 1_000_000
DUE = datetime(2026, 4, 30, 12, 0, tzinfo=NOW.tzinfo)


async def holder(database: PostgresDatabase, micros_left: int) -> tuple[AccountId, Number]:
    """An account with one number, and this much credit after the purchase."""
    account_id = await buyer(database, PRICE + micros_left)
    await stock(database, "+14155550100")
    return account_id, await bought(database, account_id, "+14155550100")


async def told(database: PostgresDatabase) -> list[str]:
    rows = await database.pool.fetch("select type from events where type like 'number%' order by resource_seq")
    return [row["type"] for row in rows][1:]


async def renewals(database: PostgresDatabase, account_id: AccountId) -> int:
    return sum(e.rate.cost_type is CostType.NUMBER_RENEW for e in await list_billings(database, account_id))


async def test_account_is_told_7_3_and_1_days_before_and_charged_on_the_day(database: PostgresDatabase) -> None:
    account_id, number = await holder(database, MONTHLY)

    for hours in range(30 * 24 + 1):
        await renew_numbers(database, NOW + timedelta(hours=hours))

    assert await told(database) == ["number_renewal_due"] * 3 + ["number_renewed"]
    assert await credit_of(database, account_id) == (0, 0)
    after = await get_number(database, account_id, number.id)
    assert (number.renews_at, after.renews_at) == (DUE, datetime(2026, 5, 31, 12, 0, tzinfo=NOW.tzinfo))
    await assert_balanced(database)


async def test_eight_workers_twice_charge_each_number_and_month_once(database: PostgresDatabase) -> None:
    """LED-11"""
    account_id = await buyer(database)
    numbers = [f"+1415555{n:04}" for n in range(20)]
    await stock(database, *numbers)
    for number in numbers:
        await bought(database, account_id, number)
    credit, _ = await credit_of(database, account_id)

    for _ in range(2):
        await asyncio.gather(*(renew_numbers(database, DUE) for _ in range(8)))

    assert await credit_of(database, account_id) == (credit - 20 * MONTHLY, 0)
    await assert_balanced(database)


async def test_unpaid_number_gets_seven_days_then_is_suspended_and_stays_the_accounts(
    database: PostgresDatabase,
) -> None:
    account_id, number = await holder(database, MONTHLY - 1)

    await renew_numbers(database, DUE)
    in_grace = await get_number(database, account_id, number.id)
    await renew_numbers(database, DUE + timedelta(days=7))
    suspended = await get_number(database, account_id, number.id)
    await renew_numbers(database, DUE + timedelta(days=300))

    assert in_grace.status is NumberStatus.ACTIVE
    assert (suspended.status, suspended.suspended_for) == (NumberStatus.SUSPENDED, SuspendedFor.UNPAID)
    assert await told(database) == ["number_renewal_failed", "number_suspended", "number_updated"]
    assert await renewals(database, account_id) == 0


async def test_credit_brings_a_suspended_number_back(database: PostgresDatabase) -> None:
    account_id, number = await holder(database, 0)
    await renew_numbers(database, DUE)
    await renew_numbers(database, DUE + timedelta(days=7))
    now = DUE + timedelta(days=8)

    await add_credit(database, account_id, Micros(5_000_000), "paid", key="k", now=now)
    await renew_numbers(database, now)

    back = await get_number(database, account_id, number.id)
    assert (back.status, back.grace_until) == (NumberStatus.ACTIVE, None)
    assert await credit_of(database, account_id) == (4_000_000, 0)
    assert (await told(database))[-3:] == ["number_renewed", "number_reactivated", "number_updated"]


async def test_operators_reactivation_gives_a_new_week(database: PostgresDatabase) -> None:
    account_id, number = await holder(database, 0)
    await renew_numbers(database, DUE)
    await renew_numbers(database, DUE + timedelta(days=7))
    now = DUE + timedelta(days=8)

    await reactivate_number(database, number.id, now)
    await renew_numbers(database, now + timedelta(days=6))
    assert (await get_number(database, account_id, number.id)).status is NumberStatus.ACTIVE
    await renew_numbers(database, now + timedelta(days=7))

    assert (await get_number(database, account_id, number.id)).status is NumberStatus.SUSPENDED


async def test_months_that_nobody_looked_at_are_charged_one_by_one(database: PostgresDatabase) -> None:
    account_id, _ = await holder(database, 10 * MONTHLY)

    await renew_numbers(database, DUE + timedelta(days=70))

    assert await renewals(database, account_id) == 3
    assert await credit_of(database, account_id) == (7 * MONTHLY, 0)


async def test_operators_renewal_pays_one_month_of_each_number_once(database: PostgresDatabase) -> None:
    account_id, number = await holder(database, 10 * MONTHLY)

    paid = [await renew_before(database, DUE + timedelta(seconds=1), NOW) for _ in range(2)]

    assert [[number.id for number in numbers] for numbers in paid] == [[number.id], []]
    assert await credit_of(database, account_id) == (9 * MONTHLY, 0)
