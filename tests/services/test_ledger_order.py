"""The same events posted once in order, or twice and in any order, come to the same (LED-5); replayed, too (LED-3)."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.charging.ledger import Charge, HoldRequest, ReferenceType
from dialplane.domain.charging.rating import DEFAULT_RATES, CostType, Rate
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.services.charging.billing import list_billings
from dialplane.services.charging.ledger import charge, credit, hold_many, settle_hold
from tests.services.buying import NOW, buyer, credit_of

CREDIT = 1_000_000_000
EVENTS = 200

Post = Callable[[PostgresDatabase, AccountId], Coroutine[None, None, object]]


def events() -> list[Post]:
    """Calls with their holds, segments, months of numbers and credits, each with a key of its own."""
    kinds = (_call, _segments, _month, _top_up)
    return [kinds[n % len(kinds)](n) for n in range(EVENTS)]


def _charge(key: str, cost_type: CostType, units: int, n: int, rate: Rate | None = None) -> Charge:
    kind = {CostType.SMS: ReferenceType.SMS, CostType.NUMBER_RENEW: ReferenceType.NUMBER_RENEW}
    return Charge(
        key, rate or DEFAULT_RATES[cost_type], units, kind.get(cost_type, ReferenceType.CALL), UUID(int=n), NOW, NOW
    )


def _call(n: int) -> Post:
    async def post(database: PostgresDatabase, account_id: AccountId) -> None:
        key, rate = f"{account_id}:call:{n}", DEFAULT_RATES[CostType.CALL_PSTN_OUTGOING]
        async with database.transaction() as tx:
            await hold_many(tx, [HoldRequest(account_id, key, rate, 1 + n % 7, NOW + timedelta(hours=2))], NOW)
        async with database.transaction() as tx:
            await settle_hold(tx, key, _charge(key, CostType.CALL_PSTN_OUTGOING, 1 + n % 5, n), NOW)

    return post


def _segments(n: int) -> Post:
    async def post(database: PostgresDatabase, account_id: AccountId) -> None:
        async with database.transaction() as tx:
            await charge(tx, account_id, _charge(f"{account_id}:sms:{n}", CostType.SMS, 1 + n % 3, n), NOW)

    return post


def _month(n: int) -> Post:
    async def post(database: PostgresDatabase, account_id: AccountId) -> None:
        price = Rate(CostType.NUMBER_RENEW, Micros(1_000_000 + n))
        wanted = _charge(f"{account_id}:renew:{n}", CostType.NUMBER_RENEW, 1, n, price)
        async with database.transaction() as tx:
            await charge(tx, account_id, wanted, NOW)

    return post


def _top_up(n: int) -> Post:
    async def post(database: PostgresDatabase, account_id: AccountId) -> None:
        async with database.transaction() as tx:
            await credit(tx, account_id, Micros(1_000 + n), "paid", key=f"{account_id}:paid:{n}", now=NOW)

    return post


@pytest.mark.parametrize("seed", [1, 2])
async def test_events_posted_twice_out_of_order_and_at_once_come_to_the_same(
    database: PostgresDatabase, seed: int
) -> None:
    """LED-5"""
    orderly, unruly = await buyer(database, CREDIT), await buyer(database, CREDIT)
    for post in events():
        await post(database, orderly)

    twice = events() * 2
    Random(seed).shuffle(twice)
    for start in range(0, len(twice), 8):
        await asyncio.gather(*(post(database, unruly) for post in twice[start : start + 8]))

    assert await credit_of(database, unruly) == await credit_of(database, orderly)
    first, second = await _posted(database, orderly), await _posted(database, unruly)
    assert len(first) == EVENTS
    assert second == first


async def _posted(database: PostgresDatabase, account_id: AccountId) -> dict[str, tuple[int, int]]:
    """Units and amount of each event by its key."""
    entries = await list_billings(database, account_id, limit=999)
    mine = f"{account_id}:"
    return {e.key.removeprefix(mine): (e.units, e.amount_micros) for e in entries if e.key.startswith(mine)}


async def test_balance_is_what_the_entries_come_to_when_they_are_replayed(database: PostgresDatabase) -> None:
    """LED-3: from an empty purse, entry after entry; each shows the balance that it left."""
    account_id = await buyer(database, CREDIT)
    everything = events()
    for start in range(0, len(everything), 10):
        await asyncio.gather(*(post(database, account_id) for post in everything[start : start + 10]))

    entries = await list_billings(database, account_id, limit=999)
    following = {entry.credit_after - entry.amount_micros: entry.credit_after for entry in entries}
    replayed = 0
    while replayed in following:
        replayed = following.pop(replayed)

    assert (len(entries), following) == (EVENTS + 1, {})
    assert await credit_of(database, account_id) == (replayed, 0)
