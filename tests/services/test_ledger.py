"""The ledger: what can be posted, what cannot, and that nothing is charged twice."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.charging.ledger import Charge, HoldRequest, ReferenceType, Settlement
from dialplane.domain.charging.rating import DEFAULT_RATES, CostType, Rate
from dialplane.domain.errors import InsufficientBalance, NotFound
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.services.charging.billing import list_billings, open_purse, top_up_tokens
from dialplane.services.charging.ledger import (
    charge,
    credit,
    hold_many,
    place_hold,
    release_expired_holds,
    release_hold,
    settle_hold,
    settle_many,
)
from tests.services.buying import NOW, assert_balanced, buyer, credit_of

MINUTE = DEFAULT_RATES[CostType.CALL_PSTN_INCOMING]
VIRTUAL_MINUTE = DEFAULT_RATES[CostType.CALL_VN]


def minutes(key: str, units: int, rate: Rate = MINUTE) -> Charge:
    return Charge(
        key, rate, units, ReferenceType.CALL, uuid4(), NOW, NOW + timedelta(minutes=units), seconds=60 * units
    )


def wish(account_id: AccountId, key: str, units: int = 1, rate: Rate = MINUTE) -> HoldRequest:
    return HoldRequest(account_id, key, rate, units, NOW + timedelta(hours=2))


async def test_entries_and_postings_refuse_update_delete_and_truncate(database: PostgresDatabase) -> None:
    """LED-1: what is written stays as it was written."""
    await buyer(database)

    for table in ("ledger_entries", "ledger_postings"):
        for statement in (
            f"update {table} set account_id = account_id",
            f"delete from {table}",
            f"truncate {table} cascade",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await database.pool.execute(statement)
    await assert_balanced(database)


async def test_unbalanced_entry_is_refused_by_the_table(database: PostgresDatabase) -> None:
    """LED-1: the lines of an entry sum to zero, or are not written."""
    await buyer(database)
    entry_id = await database.pool.fetchval("select id from ledger_entries")

    with pytest.raises(asyncpg.CheckViolationError):
        await database.pool.execute(
            "insert into ledger_postings (entry_id, book, currency, amount) values ($1, 'allowance', 'USD', 5)",
            entry_id,
        )


async def test_purse_below_zero_is_refused_by_the_table(database: PostgresDatabase) -> None:
    """LED-4: the rule holds whatever the code believes."""
    account_id = await buyer(database, 10)

    with pytest.raises(asyncpg.CheckViolationError):
        await database.pool.execute("update purses set credit_held = 11 where account_id = $1", account_id)


async def test_balance_for_50_pays_exactly_50_of_200_parallel_charges(database: PostgresDatabase) -> None:
    """LED-4"""
    account_id = await buyer(database, 50 * MINUTE.micros)

    async def spend(n: int) -> bool:
        try:
            async with database.transaction() as tx:
                await charge(tx, account_id, minutes(f"call:{n}", 1), NOW)
        except InsufficientBalance:
            return False
        return True

    assert sum(await asyncio.gather(*(spend(n) for n in range(200)))) == 50
    assert await credit_of(database, account_id) == (0, 0)
    await assert_balanced(database)


async def test_second_posting_of_a_key_gives_the_first_entry(database: PostgresDatabase) -> None:
    """LED-5"""
    account_id = await buyer(database, 100_000)
    wanted = minutes("call:1", 3)

    async with database.transaction() as tx:
        first = await charge(tx, account_id, wanted, NOW)
    async with database.transaction() as tx:
        second = await charge(tx, account_id, wanted, NOW + timedelta(days=1))

    assert second == first
    assert await credit_of(database, account_id) == (70_000, 0)


async def test_same_key_at_once_is_charged_once(database: PostgresDatabase) -> None:
    """LED-5, in parallel."""
    account_id = await buyer(database, 100_000)
    wanted = minutes("call:1", 3)

    async def post() -> object:
        async with database.transaction() as tx:
            return (await charge(tx, account_id, wanted, NOW)).id

    assert len(set(await asyncio.gather(*(post() for _ in range(20))))) == 1
    assert await credit_of(database, account_id) == (70_000, 0)


async def test_credit_with_a_known_key_is_added_once(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 0)

    for _ in range(2):
        async with database.transaction() as tx:
            await credit(tx, account_id, Micros(5), "gift", key="gift:1", now=NOW)

    assert await credit_of(database, account_id) == (5, 0)


async def test_charge_that_is_refused_writes_nothing(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 15_000)

    async with database.transaction() as tx:
        with pytest.raises(InsufficientBalance) as refusal:
            await charge(tx, account_id, minutes("call:1", 2), NOW)

    assert refusal.value.reason == "INSUFFICIENT_BALANCE"
    assert await credit_of(database, account_id) == (15_000, 0)
    await assert_balanced(database)


async def test_hold_reserves_settle_takes_what_was_used_and_frees_the_rest(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 100_000)

    async with database.transaction() as tx:
        assert await hold_many(tx, [wish(account_id, "call:1", 5)], NOW) == [True]
    assert await credit_of(database, account_id) == (100_000, 50_000)
    async with database.transaction() as tx:
        entry = await settle_hold(tx, "call:1", minutes("call:1", 3), NOW)

    assert (entry.units, entry.amount_micros, entry.credit_after) == (3, -30_000, 70_000)
    assert await credit_of(database, account_id) == (70_000, 0)
    await assert_balanced(database)


async def test_settling_twice_charges_once(database: PostgresDatabase) -> None:
    """LED-5"""
    account_id = await buyer(database, 100_000)
    async with database.transaction() as tx:
        await hold_many(tx, [wish(account_id, "call:1", 5)], NOW)

    entries = []
    for _ in range(2):
        async with database.transaction() as tx:
            entries.append(await settle_hold(tx, "call:1", minutes("call:1", 3), NOW))

    assert entries[0].amount_micros == -30_000
    assert entries[1].id == entries[0].id
    assert await credit_of(database, account_id) == (70_000, 0)


async def test_settling_more_than_the_balance_stops_at_zero(database: PostgresDatabase) -> None:
    """LED-4: a charge beyond the hold is no debt."""
    account_id = await buyer(database, 25_000)
    async with database.transaction() as tx:
        await hold_many(tx, [wish(account_id, "call:1", 2)], NOW)

    async with database.transaction() as tx:
        entry = await settle_hold(tx, "call:1", minutes("call:1", 9), NOW)

    assert entry.units == 2
    assert await credit_of(database, account_id) == (5_000, 0)


async def test_settling_what_was_never_held_is_refused(database: PostgresDatabase) -> None:
    async with database.transaction() as tx:
        with pytest.raises(NotFound):
            await settle_hold(tx, "call:1", minutes("call:1", 1), NOW)


async def test_hold_asked_again_grows_by_the_difference(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 30_000)

    async with database.transaction() as tx:
        granted = [(await hold_many(tx, [wish(account_id, "call:1", units)], NOW))[0] for units in (1, 1, 3, 2, 4)]

    assert granted == [True, True, True, True, False]
    assert await credit_of(database, account_id) == (30_000, 30_000)


async def test_many_holds_are_decided_in_order(database: PostgresDatabase) -> None:
    """The purse of one account is no matter of the others."""
    poor, rich = await buyer(database, 25_000), await buyer(database, 1_000_000)

    async with database.transaction() as tx:
        granted = await hold_many(
            tx,
            [wish(poor, "a", 2), wish(rich, "b", 9), wish(poor, "c", 1), wish(rich, "d", 1), wish(poor, "a", 2)],
            NOW,
        )

    assert granted == [True, True, False, True, True]
    await assert_balanced(database, holds_open=3)


async def test_many_settlements_of_one_account_leave_each_its_own_balance(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 1_000_000)
    keys = [f"call:{n}" for n in range(50)]
    async with database.transaction() as tx:
        await hold_many(tx, [wish(account_id, key) for key in keys], NOW)

    async with database.transaction() as tx:
        entries = await settle_many(tx, [Settlement(account_id, key, minutes(key, 1)) for key in keys], NOW)

    assert [entry.credit_after for entry in entries] == [1_000_000 - 10_000 * (n + 1) for n in range(50)]
    assert await credit_of(database, account_id) == (500_000, 0)
    await assert_balanced(database)


async def test_tokens_go_first_and_credit_after(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 1_000_000)
    async with database.transaction() as tx:
        await open_purse(tx, await tx.accounts.get(account_id), Micros(0), NOW)  # free plan: 100 tokens

    async with database.transaction() as tx:
        entry = await charge(tx, account_id, minutes("call:1", 103, VIRTUAL_MINUTE), NOW)

    assert (entry.amount_tokens, entry.amount_micros) == (-100, -3_000)
    assert (entry.tokens_after, entry.credit_after) == (0, 997_000)
    await assert_balanced(database)


async def test_tokens_are_set_back_to_the_allowance_each_month_and_do_not_add_up(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 0)
    async with database.transaction() as tx:
        await open_purse(tx, await tx.accounts.get(account_id), Micros(0), NOW)
        await charge(tx, account_id, minutes("call:1", 40, VIRTUAL_MINUTE), NOW)
    later = NOW + timedelta(days=32)

    topped_up = [await top_up_tokens(database, later) for _ in range(2)]

    async with database.transaction() as tx:
        purse = await tx.ledger.find_purse(account_id)
    assert topped_up == [1, 0]
    assert purse is not None
    assert purse.tokens == 100
    await assert_balanced(database)


async def test_hold_that_was_left_behind_is_given_back(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 50_000)
    async with database.transaction() as tx:
        await hold_many(tx, [wish(account_id, "call:1", 2)], NOW)
        await place_hold(tx, account_id, Micros(7), key="order:1", expires_at=None, now=NOW)

    async with database.transaction() as tx:
        assert await release_expired_holds(tx, NOW + timedelta(hours=1)) == 0
        assert await release_expired_holds(tx, NOW + timedelta(hours=3)) == 1

    assert await credit_of(database, account_id) == (50_000, 7)
    await assert_balanced(database, holds_open=1)


async def test_release_gives_back_once(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 50_000)
    async with database.transaction() as tx:
        await place_hold(tx, account_id, Micros(20_000), key="order:1", expires_at=None, now=NOW)

    for _ in range(2):
        async with database.transaction() as tx:
            await release_hold(tx, "order:1", NOW)

    assert await credit_of(database, account_id) == (50_000, 0)


async def test_hold_beyond_the_balance_is_refused(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 50_000)

    with pytest.raises(InsufficientBalance):
        async with database.transaction() as tx:
            await place_hold(tx, account_id, Micros(50_001), key="order:1", expires_at=None, now=NOW)

    assert await credit_of(database, account_id) == (50_000, 0)


async def test_billing_list_is_newest_first_and_signed(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 100_000)
    async with database.transaction() as tx:
        await charge(tx, account_id, minutes("call:1", 3), NOW + timedelta(seconds=1))

    entries = await list_billings(database, account_id)

    assert [(entry.rate.cost_type, entry.amount_micros) for entry in entries] == [
        (CostType.CALL_PSTN_INCOMING, -30_000),
        (CostType.NONE, 100_000),
    ]
