"""Messages that are sent together: each queued and paid for once, decided in its order, none harmed by another."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.charging.ledger import Purse
from dialplane.domain.errors import Mismatch, Refusal
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.messages import Message, MessageExtras, TargetStatus
from dialplane.services.charging.billing import check_ledger
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.message_judging import Wish
from dialplane.services.messaging.message_queueing import queue_many
from dialplane.services.messaging.messages import MessageRequest, list_messages
from dialplane.services.messaging.outbound_messages import send_message
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_number

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWN, OTHER, PEER = "+12025550100", "+12025550101", "+12125550187"
PRICE = 10_000


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    account_id = await add_account(database)
    await add_number(database, account_id, OWN, NOW)
    return account_id


def wish(account_id: AccountId, text: str, *, to: str = PEER, source: str = OWN, key: str | None = None) -> Wish:
    return Wish(account_id, MessageRequest(tel(source), (tel(to),), text, key=key), NOW)


async def queue(database: PostgresDatabase, *wishes: Wish) -> list[Message | Refusal]:
    async with database.transaction() as tx:
        return await queue_many(tx, wishes)


async def purse(database: PostgresDatabase, account_id: AccountId) -> Purse:
    async with database.reading() as tx:
        found = await tx.ledger.find_purse(account_id)
    assert found is not None
    return found


async def test_hundreds_at_once_are_each_queued_and_held_once_in_the_order_of_their_account(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """LED-5."""
    other_id = await add_account(database)
    await add_number(database, other_id, OTHER, NOW)
    senders = [(account_id, OWN), (other_id, OTHER)]
    for each, _ in senders:
        await add_credit(database, each, 200 * PRICE, NOW)

    await asyncio.gather(
        *(
            send_message(database, sender, MessageRequest(tel(number), (tel(f"+1212555{n:04d}"),), str(n)), NOW)
            for n in range(0, 300, 2)
            for sender, number in senders
        )
    )

    for sender, _ in senders:
        assert (await purse(database, sender)).credit_held == 150 * PRICE
        texts = await database.pool.fetch(
            "select data ->> 'text' as text from events where type = 'message_created' and account_id = $1"
            " order by resource_seq",
            sender,
        )
        assert [row["text"] for row in texts] == [str(n) for n in range(0, 300, 2)]
    assert await database.pool.fetchval("select count(*) from message_targets where status = 'queued'") == 300
    assert (await check_ledger(database)).balanced


async def test_what_one_is_refused_for_keeps_none_of_the_others_back(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """LED-1: each pays from what those before it left. FRD-8, SMS-7."""
    await add_credit(database, account_id, 2 * PRICE, NOW)
    gone = "+12125550188"
    await receive_message(database, InboundMessage(gone, OWN, "STOP"), NOW)
    had = await purse(database, account_id)
    assert had.free_credit < 2 * PRICE
    await add_credit(database, account_id, 2 * PRICE - had.free_credit, NOW)

    outcomes = await queue(
        database,
        wish(account_id, "first"),
        wish(account_id, "not a number", to="nobody"),
        wish(account_id, "in another's name", source=OTHER),
        wish(account_id, "to who stopped", to=gone),
        wish(account_id, "to itself", to=OWN),
        wish(account_id, ""),
        wish(account_id, "second"),
        wish(account_id, "third"),
    )

    assert [each.text if isinstance(each, Message) else each.reason or each.field for each in outcomes] == [
        "first",
        "destinations[0]",
        "SOURCE_NOT_OWNED",
        "RECIPIENT_OPTED_OUT",
        "TO_IS_FROM",
        "text",
        "second",
        "INSUFFICIENT_BALANCE",
    ]
    assert (await purse(database, account_id)).free_credit == 0
    assert (await check_ledger(database)).balanced


async def test_two_of_one_key_are_one_message_whether_together_or_not(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    await add_credit(database, account_id, 10 * PRICE, NOW)

    first, second, other = await queue(
        database, wish(account_id, "a", key="k"), wish(account_id, "b", key="k"), wish(account_id, "c")
    )
    (again,) = await queue(database, wish(account_id, "a", key="k"))

    assert isinstance(first, Message)
    assert isinstance(again, Message)
    assert (second, again.id, again.text) == (first, first.id, "a")
    assert {each.text for each in await list_messages(database, account_id, before=None, limit=9)} == {"a", "c"}
    assert (await purse(database, account_id)).credit_held == 2 * PRICE
    assert isinstance(other, Message)


@pytest.mark.parametrize("other", [{"text": "b"}, {"text": "a", "to": OTHER}])
async def test_key_that_comes_again_with_another_message_is_refused(
    database: PostgresDatabase, account_id: AccountId, other: dict[str, str]
) -> None:
    """API-1: also when the first answer is not kept any more; it would be lost in silence otherwise."""
    await add_credit(database, account_id, 10 * PRICE, NOW)
    await queue(database, wish(account_id, "a", key="k"))

    (refused,) = await queue(database, wish(account_id, **other, key="k"))

    assert (type(refused), getattr(refused, "reason", "")) == (Mismatch, "IDEMPOTENCY_KEY_REUSED")
    assert (await purse(database, account_id)).credit_held == PRICE


async def test_consecutive_numbers_are_held_from_the_sixth_on_also_within_one_batch(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """FRD-6."""
    await add_credit(database, account_id, 100 * PRICE, NOW)

    outcomes = await queue(database, *(wish(account_id, "x", to=f"+1212555{n:04d}") for n in range(200, 208)))

    statuses = [each.targets[0].status for each in outcomes if isinstance(each, Message)]
    assert statuses == [TargetStatus.QUEUED] * 5 + [TargetStatus.HELD] * 3


async def test_scheduled_and_immediate_ones_together_each_have_their_time(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    await add_credit(database, account_id, 100 * PRICE, NOW)
    later = MessageExtras(send_at=NOW + timedelta(hours=1))
    scheduled = Wish(account_id, MessageRequest(tel(OWN), (tel(PEER),), "later", extras=later), NOW)

    await queue(database, scheduled, wish(account_id, "now"))

    rows = await database.pool.fetch(
        "select text, status, due_at from message_targets join messages on message_id = messages.id order by text"
    )
    assert [tuple(row) for row in rows] == [
        ("later", "scheduled", NOW + timedelta(hours=1)),
        ("now", "queued", NOW),
    ]
