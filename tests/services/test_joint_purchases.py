"""Purchases that come together: one transaction for those that are plain, and each of the others by itself."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import AlreadyExists, InsufficientBalance, NotFound
from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.orders import NumberOrder, Order
from dialplane.services.charging.billing import list_billings
from dialplane.services.numbering.joint_purchases import Wish, begin_all
from dialplane.services.numbering.numbers import list_numbers
from tests.fakes.stopping import StopsAt
from tests.services.buying import NOW, PRICE, assert_balanced, buy, buyer, carriers, credit_of, stock

NUMBERS = [f"+1415555{n:04d}" for n in range(8)]


async def transactions(database: PostgresDatabase) -> int:
    """Transactions that wrote numbers."""
    count: int = await database.pool.fetchval("select count(distinct xmin::text) from numbers")
    return count


async def buy_all(
    database: PostgresDatabase, wishes: list[tuple[AccountId, str]], *, key: str = ""
) -> list[Number | Order | BaseException]:
    tries = (buy(database, account_id, number, key=key) for account_id, number in wishes)
    return await asyncio.gather(*tries, return_exceptions=True)


async def test_buyers_that_come_together_are_served_by_few_transactions(database: PostgresDatabase) -> None:
    """LED-1: each charged what its item costs, once; each number told of."""
    buyers = [await buyer(database, 10_000_000) for _ in NUMBERS]
    await stock(database, *NUMBERS)

    sold = await buy_all(database, list(zip(buyers, NUMBERS, strict=True)))

    assert [each.number for each in sold if isinstance(each, Number)] == NUMBERS
    assert [(await credit_of(database, account_id)) for account_id in buyers] == [(10_000_000 - PRICE, 0)] * 8
    assert await database.pool.fetchval("select count(*) from events where type = 'number_created'") == 8
    assert await database.pool.fetchval("select count(*) from number_history where what = 'created'") == 8
    assert await transactions(database) < len(NUMBERS)
    await assert_balanced(database)


async def test_what_one_buyer_lacks_is_no_matter_of_the_others(database: PostgresDatabase) -> None:
    rich, poor = await buyer(database), await buyer(database, PRICE - 1)
    await stock(database, *NUMBERS[:3])

    sold = await buy_all(
        database,
        [(rich, NUMBERS[0]), (poor, NUMBERS[1]), (rich, "+14155559999"), (rich, NUMBERS[2]), (poor, NUMBERS[0])],
    )

    assert [type(each) for each in sold] == [Number, InsufficientBalance, NotFound, Number, AlreadyExists]
    assert [number.number for number in await list_numbers(database, poor)] == []
    await assert_balanced(database)


async def test_entries_of_one_account_show_the_balance_that_each_left(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 100_000_000)
    await stock(database, *NUMBERS)

    await buy_all(database, [(account_id, number) for number in NUMBERS])

    entries = [each for each in await list_billings(database, account_id) if each.amount_micros < 0]
    assert sorted(each.credit_after for each in entries) == [100_000_000 - PRICE * n for n in range(8, 0, -1)]
    assert await credit_of(database, account_id) == (100_000_000 - 8 * PRICE, 0)


async def test_one_key_in_one_batch_buys_once(database: PostgresDatabase) -> None:
    """API-1."""
    account_id = await buyer(database)
    await stock(database, NUMBERS[0])

    sold = await buy_all(database, [(account_id, NUMBERS[0])] * 3, key="once")

    assert {each.id for each in sold if isinstance(each, Number)} == {
        n.id for n in await list_numbers(database, account_id)
    }
    assert len(await list_numbers(database, account_id)) == 1
    assert await credit_of(database, account_id) == (100_000_000 - PRICE, 0)


async def test_buyer_whose_purse_is_locked_keeps_nobody_waiting(database: PostgresDatabase) -> None:
    busy, free = await buyer(database), await buyer(database)
    await stock(database, *NUMBERS[:2])

    async with database.transaction() as tx:
        await tx.ledger.lock_purses([busy])
        waiting = asyncio.create_task(buy(database, busy, NUMBERS[0]))
        sold = await buy(database, free, NUMBERS[1])

    assert isinstance(sold, Number)
    assert isinstance(await waiting, Number)
    await assert_balanced(database)


@pytest.mark.parametrize("carrier", ["owned", "sandbox"])
async def test_number_of_a_batch_is_the_one_that_is_read_later(database: PostgresDatabase, carrier: str) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBERS[0], carrier=carrier)

    [sold] = await buy_all(database, [(account_id, NUMBERS[0])])

    assert isinstance(sold, Number)
    [kept] = await list_numbers(database, account_id)
    assert replace(kept, updated_at=sold.updated_at) == sold
    await assert_balanced(database)


async def test_batch_that_dies_at_any_step_sold_all_or_nothing(database: PostgresDatabase) -> None:
    """NUM-3, API-1: whoever asks again with his key has bought once."""
    buyers = [await buyer(database, 1_000_000_000) for _ in range(2)]
    for step in range(100):
        numbers = [f"+1415557{step:03}{n}" for n in range(2)]
        await stock(database, *numbers)
        wishes = [
            Wish(account_id, number, NumberOrder(number, idempotency_key=number), carriers(database), NOW)
            for account_id, number in zip(buyers, numbers, strict=True)
        ]
        dying = StopsAt(begin_all(database, wishes), step)
        with contextlib.suppress(asyncio.CancelledError):
            await dying
        sold = await database.pool.fetchval("select count(*) from numbers where number = any($1)", numbers)
        assert sold in (0, 2)
        for account_id, number in zip(buyers, numbers, strict=True):
            assert isinstance(await buy(database, account_id, number, key=number), Number)
            assert await credit_of(database, account_id) == (1_000_000_000 - (step + 1) * PRICE, 0)
        if dying.waits <= step:
            break
    assert step > 3
    await assert_balanced(database)
