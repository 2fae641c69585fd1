"""What was spent, number by number: it adds up to the ledger, and a page looks at its own numbers only."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dialplane.adapters.postgres.connection import queries
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.charging.call_billing import hold_key
from dialplane.domain.charging.ledger import Charge, ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.charging.spending import Bucket, NumberSpent, SpendingQuery, by_bucket, sum_buckets
from dialplane.domain.charging.usage_records import Range
from dialplane.domain.ids import AccountId, CallId, new_id
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import Number
from dialplane.services.charging.ledger import charge
from dialplane.services.charging.usage_records import (
    query_daily_spending,
    query_number_spending,
    query_number_sums,
    query_spending,
)
from dialplane.services.messaging.conversations import write_text
from dialplane.services.messaging.messages import hold_key as text_key
from dialplane.services.messaging.sandbox_messages import text_from_handset
from tests.fakes.numbers import add_number
from tests.services.buying import NOW, buyer

DAYS = Range(NOW.date(), NOW.date() + timedelta(days=30))
PAGE = 26
HANDSET = "+12125550123"
OWN = ("+12025550150", "+12025550151", "+12025550152", "+12025550153")


async def charged(
    database: PostgresDatabase, account_id: AccountId, kind: ReferenceType, about: UUID, key: str, at: datetime
) -> None:
    rate = Rate(CostType.NONE, Micros(7_000))
    async with database.transaction() as tx:
        await charge(tx, account_id, Charge(key, rate, 2, kind, about, at, at, seconds=61), at)


async def called(database: PostgresDatabase, account_id: AccountId, at: datetime, **facts: object) -> None:
    """A call that was charged when it ended, an hour after it began."""
    call_id = CallId(new_id(at))
    call = Call(call_id, account_id, status=CallStatus.HANGUP, created_at=at, ended_at=at, **facts)  # type: ignore[arg-type]  # whichever facts
    async with database.transaction() as tx:
        await tx.calls.save_many([call])
    await charged(database, account_id, ReferenceType.CALL, call_id, hold_key(call_id), at + timedelta(hours=1))


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await buyer(database)


@pytest.fixture
async def numbers(database: PostgresDatabase, account_id: AccountId) -> list[Number]:
    """Four, the last of which nothing was charged for; the others had calls, texts and months."""
    held = [await add_number(database, account_id, number, NOW) for number in OWN]
    for at, number in enumerate(held[:3]):
        await charged(database, account_id, ReferenceType.NUMBER_RENEW, number.id, f"month:{number.id}", NOW)
        for _ in range(at):
            await called(
                database, account_id, NOW, direction=Direction.INCOMING, number_id=number.id, source=tel(HANDSET),
                destination=tel(number.number),
            )  # fmt: skip
    await called(database, account_id, NOW, direction=Direction.OUTGOING, source=tel(OWN[0]), destination=tel(HANDSET))
    await text_from_handset(database, account_id, handset=HANDSET, own=OWN[1], text="hello", now=NOW)
    sent = await write_text(database, account_id, own=OWN[2], peer=HANDSET, text="hello", now=NOW)
    async with database.reading() as tx:
        [shown] = await tx.messages.list_conversation_messages(sent, before=None, limit=1)
    await charged(database, account_id, ReferenceType.SMS, shown.message.id, text_key(shown.message.id, 0), NOW)
    return held


async def test_numbers_add_up_to_what_the_ledger_took(
    database: PostgresDatabase, account_id: AccountId, numbers: list[Number]
) -> None:
    """LED-3. The pages' way, from numbers to entries, finds what the way from entries to numbers finds."""
    await charged(database, account_id, ReferenceType.EMAIL, uuid4(), "email", NOW)
    await charged(database, await buyer(database), ReferenceType.NUMBER_RENEW, numbers[0].id, "another's", NOW)

    found = await query_number_spending(database, account_id, DAYS, limit=PAGE)
    daily = await query_daily_spending(database, account_id, DAYS)

    spent = await query_spending(database, account_id, DAYS, SpendingQuery())
    together = by_bucket(each for day in daily for each in day.spent)
    assert [each.number for each in found] == list(OWN)
    assert _lines(found) == [line for line in spent.lines if line.number]
    assert together == sum_buckets(spent.lines)
    assert (spent.total, spent.micros) == (len(spent.lines), sum(line.micros for line in spent.lines))
    assert [line.quantity for line in together if line.bucket is Bucket.PAYG] == [1]
    assert (found[3].count, found[3].micros) == (0, 0)


def _lines(found: list[NumberSpent]) -> list[object]:
    return [replace(line, number=each.number) for each in found for line in each.lines if line.quantity or line.micros]


async def test_lines_are_paged_filtered_and_added_up(
    database: PostgresDatabase, account_id: AccountId, numbers: list[Number]
) -> None:
    every = await query_spending(database, account_id, DAYS, SpendingQuery())

    page = await query_spending(database, account_id, DAYS, SpendingQuery(offset=1, limit=2))
    beyond = await query_spending(database, account_id, DAYS, SpendingQuery(offset=100, limit=2))
    own = await query_spending(
        database, account_id, DAYS, SpendingQuery(numbers=[OWN[2]], buckets=[Bucket.SMS, Bucket.DID])
    )
    sums = await query_number_sums(database, account_id, DAYS, SpendingQuery())

    assert page == replace(every, lines=every.lines[1:3])
    assert beyond == replace(every, lines=[])
    assert [(line.number, line.bucket) for line in own.lines] == [(OWN[2], Bucket.SMS), (OWN[2], Bucket.DID)]
    assert (own.total, own.micros) == (2, sum(line.micros for line in own.lines))
    assert [line.number for line in sums.lines if line.number] == list(OWN[:3])
    assert (sums.count, sums.micros) == (every.count, every.micros)


async def test_numbers_come_page_by_page_whatever_their_charges(
    database: PostgresDatabase, account_id: AccountId, numbers: list[Number]
) -> None:
    first = await query_number_spending(database, account_id, DAYS, limit=3)
    second = await query_number_spending(database, account_id, DAYS, after=first[-1].number, limit=3)

    assert [each.number for each in [*first, *second]] == list(OWN)


async def test_other_days_hold_nothing(
    database: PostgresDatabase, account_id: AccountId, numbers: list[Number]
) -> None:
    before = Range(NOW.date() - timedelta(days=40), NOW.date() - timedelta(days=1))

    assert {each.micros for each in await query_number_spending(database, account_id, before, limit=PAGE)} == {0}
    assert await query_daily_spending(database, account_id, before) == []


async def test_page_of_numbers_reads_what_it_shows_and_no_more(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """1,000 charged numbers with a call each stand for 100,000: there is a way from each number to its own rows.
    Whole tables are what the planner would read where they are as small as here, so it is told not to."""
    await _fill(database, account_id, 1_000)
    sql = queries("usage_records")["spent_of_numbers"]

    async with database.transaction() as tx:
        await tx.connection.execute("set local enable_seqscan = off")
        [[plan]] = await tx.connection.fetch(
            f"explain (analyze, format json) {sql}", account_id, NOW - timedelta(days=30), NOW + timedelta(days=1),
            "+12020000", PAGE,
        )  # fmt: skip

    read = _rows_read((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
    assert 0 < read < 12 * PAGE


async def _fill(database: PostgresDatabase, account_id: AccountId, count: int) -> None:
    """Numbers that were charged nothing, so that the ledger stays balanced, and calls to them."""
    for statement in (
        "insert into numbers (id, account_id, organization_id, number, kind, status, created_at)"
        " select md5('n' || n)::uuid, $1, $1, '+1202' || lpad(n::text, 7, '0'), 'local', 'active', $2"
        f" from generate_series(1, {count}) n",
        "insert into calls (id, account_id, direction, status, number_id, source, destination, created_at)"
        " select md5('c' || n)::uuid, $1, 'incoming', 'hangup', md5('n' || n)::uuid, '{}', '{}', $2"
        f" from generate_series(1, {count}) n",
        "insert into ledger_entries (id, account_id, key, transaction_type, reference_type, reference_id,"
        " amount_micros, amount_tokens, credit_after, tokens_after, started_at, ended_at, created_at)"
        " select gen_random_uuid(), $1, 'month:' || n, 'usage', 'number_renew', md5('n' || n)::uuid, 0, 0, 0, 0, $2,"
        f" $2, $2 from generate_series(1, {count}) n",
    ):
        await database.pool.execute(statement, account_id, NOW)
    await database.pool.execute("analyze numbers, calls, ledger_entries")


def _rows_read(node: dict[str, Any]) -> float:
    """By every scan of a table in the plan: what it gave on and what it threw away."""
    mine = 0.0
    if "Relation Name" in node:
        mine = node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
    return mine + sum(_rows_read(each) for each in node.get("Plans", ()))
