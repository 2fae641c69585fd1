"""Every view of the ledger adds up to it: billings, credit history, usage records, VoxCPaaS's split (LED-3)."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.charging.entry_filters import EVERY_ENTRY, EntryFilter
from dialplane.domain.charging.ledger import Charge, Entry, ReferenceType, TransactionType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.charging.spending import SpendingQuery
from dialplane.domain.charging.usage_records import Category, Granularity, Range
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.services.charging.billing_files import read_entries
from dialplane.services.charging.ledger import charge, credit, set_tokens
from dialplane.services.charging.usage_records import UsageQuery, query_spending, query_usage
from tests.fakes.numbers import add_number
from tests.services.buying import NOW, assert_balanced, buyer, credit_of

DAYS = 400
EARNED = (TransactionType.USAGE, TransactionType.REFUND)
USED = (
    ReferenceType.CALL, ReferenceType.CALL_EXTENSION, ReferenceType.SMS, ReferenceType.EMAIL, ReferenceType.NUMBER,
    ReferenceType.NUMBER_RENEW, ReferenceType.SPEAKING, ReferenceType.RECORDING, ReferenceType.NONE,
)  # fmt: skip


async def live(database: PostgresDatabase, account_id: AccountId, number_id: UUID, dice: random.Random) -> datetime:
    """Post 80 entries of all kinds over more than a year; the time of the last."""
    now = NOW
    async with database.transaction() as tx:
        for n in range(80):
            now += timedelta(days=dice.random() * DAYS / 80)
            kind, key = dice.choice(USED), f"{account_id}:{n}"
            known = kind in (ReferenceType.NUMBER, ReferenceType.NUMBER_RENEW) and dice.random() < 0.7
            reference = number_id if known else dice.choice([uuid4(), None])
            rate = Rate(
                CostType.NONE, Micros(dice.randrange(90_000)), dice.choice([0, 0, 1]), dice.choice([1, 6, 60]),
                Micros(dice.choice([0, 5])),
            )  # fmt: skip
            used = Charge(key, rate, dice.randrange(5), kind, reference, now, now, seconds=dice.randrange(300))
            match dice.randrange(10):
                case 0:
                    await credit(tx, account_id, Micros(dice.randrange(1, 10**6)), "paid in", key=key, now=now)
                case 1:
                    await credit(
                        tx, account_id, Micros(-dice.randrange(1, 10**4)), "corrected", key=key, now=now,
                        transaction_type=TransactionType.ADJUSTMENT,
                    )  # fmt: skip
                case 2:
                    await credit(
                        tx, account_id, Micros(dice.randrange(1, 10**4)), "given back", key=key, now=now,
                        transaction_type=TransactionType.REFUND, reference_type=kind,
                    )  # fmt: skip
                case 3:
                    await set_tokens(tx, account_id, dice.randrange(20), key=key, now=now)
                case _:
                    await charge(tx, account_id, used, now)
                    await charge(tx, account_id, used, now)  # LED-5: once, however often it is told
    return now


async def entries_of(
    database: PostgresDatabase, account_id: AccountId, wanted: EntryFilter = EVERY_ENTRY
) -> list[Entry]:
    return [entry async for batch in read_entries(database, account_id, wanted) for entry in batch]


def earned(entries: Sequence[Entry]) -> int:
    return -sum(
        e.amount_micros for e in entries if e.transaction_type in (TransactionType.USAGE, TransactionType.REFUND)
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_views_add_up_to_the_postings(database: PostgresDatabase, seed: int) -> None:
    """LED-1, LED-3, LED-5: whichever way what was used is cut, and into which dialect's words."""
    account_id, other = await buyer(database), await buyer(database)
    number = await add_number(database, account_id, "+12025550100", NOW)
    last = await live(database, account_id, number.id, random.Random(seed))
    await live(database, other, number.id, random.Random(seed + 100))

    entries = await entries_of(database, account_id)
    revenue = await database.pool.fetchval(
        "select sum(line.amount) from ledger_postings line join ledger_entries entry on entry.id = line.entry_id"
        " where entry.account_id = $1 and line.book = 'revenue' and line.currency = 'USD'",
        account_id,
    )
    assert earned(entries) == revenue
    credit_now, _ = await credit_of(database, account_id)
    history = await entries_of(database, account_id, EVERY_ENTRY.only_credit())
    uses = [entry for entry in entries if entry.transaction_type is TransactionType.USAGE]
    assert sum(e.amount_micros for e in entries) == credit_now == entries[0].credit_after
    assert sum(e.amount_micros for e in history) + sum(e.amount_micros for e in uses) == credit_now
    days = Range(NOW.date(), last.date())
    spent = await query_spending(database, account_id, days, SpendingQuery())
    assert sum(line.micros for line in spent.lines) == spent.micros == revenue
    assert spent.count == sum(e.transaction_type in EARNED for e in entries)
    for granularity in Granularity:
        records = await query_usage(database, account_id, UsageQuery(days, granularity, Category.TOTALPRICE))
        assert sum(record.micros for record in records) == revenue, granularity
    await assert_balanced(database)
