"""Pools of numbers: who sends, when the rates let it go, and messages that wait for their time."""

from datetime import UTC, datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.messaging.messages import Message, MessageExtras, TargetStatus
from dialplane.domain.messaging.sender_pools import SenderPool
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.message_records import cancel_message
from dialplane.services.messaging.message_sending import claim_targets
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.messaging.sender_pools import create_pool, delete_pool, get_pool, update_pool
from dialplane.services.settings import set_clock
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_number

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
NEW_YORK, BOSTON, LONDON = "+12125550100", "+16175550100", "+442079460100"


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    account_id = await add_account(database)
    for number in (NEW_YORK, BOSTON, LONDON):
        await add_number(database, account_id, number, NOW)
    await add_credit(database, account_id, 10_000_000, NOW)
    return account_id


async def pool_of(database: PostgresDatabase, account_id: AccountId, *numbers: str, rate: int = 0) -> SenderPool:
    return await create_pool(database, account_id, "all", numbers, number_rate=rate, destination_rate=0, now=NOW)


async def sent(
    database: PostgresDatabase, account_id: AccountId, pool: SenderPool, peer: str, send_at: datetime | None = None
) -> Message:
    extras = MessageExtras(pool_id=pool.id, send_at=send_at)
    return await send_message(database, account_id, MessageRequest(tel(""), (tel(peer),), "hi", extras=extras), NOW)


async def test_nearest_number_writes_to_a_stranger(database: PostgresDatabase, account_id: AccountId) -> None:
    pool = await pool_of(database, account_id, NEW_YORK, BOSTON, LONDON)

    senders = [
        (await sent(database, account_id, pool, peer)).source.target
        for peer in ("+12125550187", "+16175550187", "+447400555010")
    ]

    assert senders == [NEW_YORK, BOSTON, LONDON]


async def test_who_knows_a_number_is_written_to_from_it_again(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    pool = await pool_of(database, account_id, NEW_YORK, BOSTON, LONDON)
    await receive_message(database, InboundMessage("+12125550187", LONDON, "hello"), NOW)

    message = await sent(database, account_id, pool, "+12125550187")

    assert message.source.target == LONDON


async def test_rate_of_a_number_spreads_its_messages(database: PostgresDatabase, account_id: AccountId) -> None:
    pool = await pool_of(database, account_id, NEW_YORK, rate=60)

    for n in (1, 3, 5):
        await sent(database, account_id, pool, f"+1212555018{n}")

    claimed = [
        len(await claim_targets(database, 1, limit=9, sweep=False, now=NOW + timedelta(seconds=second)))
        for second in range(3)
    ]
    assert claimed == [1, 1, 1]


async def test_rate_of_a_destination_holds_for_all_numbers_of_the_pool_and_for_its_country_alone(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    pool = await create_pool(
        database, account_id, "all", [NEW_YORK, BOSTON, LONDON], number_rate=0, destination_rate=60, now=NOW
    )

    for peer in ("+12125550181", "+442079460181", "+16175550183", "+442079460185", "+12125550185"):
        await sent(database, account_id, pool, peer)

    claimed = [
        [each.destination.target for each in await claim_targets(database, 1, limit=9, sweep=False, now=moment)]
        for moment in (NOW + timedelta(seconds=second) for second in range(3))
    ]
    assert [sorted(each) for each in claimed] == [
        ["+12125550181", "+442079460181"],
        ["+16175550183", "+442079460185"],
        ["+12125550185"],
    ]


async def test_number_is_in_one_pool_and_a_deleted_pool_sends_nothing(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    first = await pool_of(database, account_id, NEW_YORK, BOSTON)
    second = await pool_of(database, account_id, NEW_YORK)

    assert (await get_pool(database, account_id, first.id)).numbers == (BOSTON,)
    await update_pool(database, account_id, second.id, numbers=[], now=NOW)
    with pytest.raises(Invalid) as empty:
        await sent(database, account_id, second, "+12125550187")
    await delete_pool(database, account_id, second.id, NOW)
    with pytest.raises(NotFound):
        await sent(database, account_id, second, "+12125550187")
    assert empty.value.reason == "POOL_EMPTY"


async def test_foreign_numbers_and_pools_are_refused(database: PostgresDatabase, account_id: AccountId) -> None:
    other = await add_account(database)
    pool = await pool_of(database, account_id, NEW_YORK)

    with pytest.raises(Invalid):
        await pool_of(database, other, NEW_YORK)
    with pytest.raises(NotFound):
        await get_pool(database, other, pool.id)
    with pytest.raises(NotFound):
        await get_pool(database, account_id, new_id(NOW))


async def test_scheduled_message_goes_out_at_its_time_or_is_cancelled(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    pool = await pool_of(database, account_id, NEW_YORK)
    at = NOW + timedelta(hours=1)

    kept = await sent(database, account_id, pool, "+12125550187", at)
    dropped = await sent(database, account_id, pool, "+12125550191", at)
    canceled = await cancel_message(database, account_id, dropped.id, NOW)

    assert (kept.targets[0].status, canceled.targets[0].status) == (TargetStatus.SCHEDULED, TargetStatus.CANCELED)
    assert await claim_targets(database, 1, limit=9, sweep=False, now=at - timedelta(seconds=1)) == []
    assert [each.message_id for each in await claim_targets(database, 1, limit=9, sweep=False, now=at)] == [kept.id]
    with pytest.raises(Conflict):
        await cancel_message(database, account_id, kept.id, at)
    async with database.reading() as tx:
        purse = await tx.ledger.find_purse(account_id)
    assert purse is not None
    assert purse.credit_held == 10_000


async def test_sandboxs_clock_brings_scheduled_messages_nearer(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    pool = await pool_of(database, account_id, NEW_YORK)
    kept = await sent(database, account_id, pool, "+12125550187", NOW + timedelta(hours=1))

    await set_clock(database, NOW + timedelta(minutes=59), now=NOW)
    early = await claim_targets(database, 1, limit=9, sweep=False, now=NOW)
    await set_clock(database, NOW.replace(year=8999), now=NOW)
    due = await claim_targets(database, 1, limit=9, sweep=False, now=NOW)

    assert ([each.message_id for each in early], [each.message_id for each in due]) == ([], [kept.id])
