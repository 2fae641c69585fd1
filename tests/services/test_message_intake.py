"""Messages that come in together: each kept and charged once, decided in its order, none harmed by another."""

import asyncio
from datetime import UTC, datetime

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.routing import Refused
from dialplane.domain.charging.rating import DEFAULT_RATES, CostType
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.arrivals import InboundMessage, MessageRefused
from dialplane.domain.messaging.messages import Message
from dialplane.services.charging.billing import check_ledger
from dialplane.services.messaging.inbound_messages import receive_message
from dialplane.services.messaging.message_intake import Arrival, take_in
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_number

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWN, OTHER, PEER = "+12025550100", "+12025550101", "+12025550199"


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    account_id = await add_account(database)
    await add_number(database, account_id, OWN, NOW)
    return account_id


def arrival(text: str, *, source: str = PEER, to: str = OWN, carrier_id: str = "", parts: int = 0) -> Arrival:
    return Arrival(InboundMessage(source, to, text, carrier_id=carrier_id, parts=parts), text, NOW)


async def balance(database: PostgresDatabase, account_id: AccountId) -> int:
    async with database.reading() as tx:
        purse = await tx.ledger.find_purse(account_id)
    return purse.credit if purse else 0


async def texts(database: PostgresDatabase) -> list[str]:
    """Of the events that tell of messages in conversations, in their order."""
    rows = await database.pool.fetch(
        "select data ->> 'text' as text from events where type = 'conversation_message_created' order by resource_seq"
    )
    return [row["text"] for row in rows]


async def price(database: PostgresDatabase, account_id: AccountId) -> int:
    """What one segment costs."""
    before = await balance(database, account_id)
    await take_in(database, [arrival("first")])
    return before - await balance(database, account_id)


async def test_hundreds_at_once_are_each_kept_and_charged_once_in_their_order(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """LED-5."""
    await add_credit(database, account_id, 100_000_000, NOW)
    one = await price(database, account_id)
    before = await balance(database, account_id)
    arrivals = [InboundMessage(PEER, OWN, str(n), carrier_id=str(n)) for n in range(300)]

    taken = await asyncio.gather(*(receive_message(database, each, NOW) for each in arrivals))

    assert [each.text for each in taken if isinstance(each, Message)] == [str(n) for n in range(300)]
    assert await texts(database) == ["first", *(str(n) for n in range(300))]
    assert before - await balance(database, account_id) == 300 * one
    assert (await check_ledger(database)).balanced


async def test_batches_beside_each_other_keep_each_numbers_order_and_every_balance(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """LED-5. Numbers of two accounts, mixed, so that each batch meets purses that the other one holds."""
    other_id = await add_account(database)
    own = [f"+120255502{n:02d}" for n in range(12)]
    for n, number in enumerate(own):
        await add_number(database, (account_id, other_id)[n % 2], number, NOW)
    for each in (account_id, other_id):
        await add_credit(database, each, 100_000_000, NOW)
    one = await price(database, account_id)
    before = [await balance(database, each) for each in (account_id, other_id)]
    arrivals = [InboundMessage(PEER, own[n * 7 % 12], str(n), carrier_id=f"m{n}") for n in range(360)]

    taken = await asyncio.gather(*(receive_message(database, each, NOW) for each in arrivals))

    assert all(isinstance(each, Message) for each in taken)
    for number in own:
        told = await database.pool.fetch(
            "select data ->> 'text' as text from events where type = 'conversation_message_created'"
            " and data -> 'destination' ->> 'target' = $1 order by resource_seq",
            number,
        )
        assert [row["text"] for row in told] == [each.text for each in arrivals if each.destination == number]
    assert [was - await balance(database, each) for was, each in zip(before, (account_id, other_id), strict=True)] == [
        180 * one,
        180 * one,
    ]
    assert (await check_ledger(database)).balanced


async def test_balance_for_two_lets_two_of_a_batch_in(database: PostgresDatabase, account_id: AccountId) -> None:
    """LED-4, FRD-9."""
    await add_credit(database, account_id, 2 * DEFAULT_RATES[CostType.SMS].split(1, 0).micros, NOW)

    taken = await take_in(database, [arrival(str(n)) for n in range(4)])

    assert [isinstance(each, Message) for each in taken] == [True, True, False, False]
    assert {each.refused for each in taken if isinstance(each, MessageRefused)} == {Refused.INSUFFICIENT_BALANCE}
    assert await balance(database, account_id) == 0


async def test_second_of_an_id_is_the_first_one_in_a_batch_and_after_it(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    await add_credit(database, account_id, 100_000_000, NOW)

    first, second = await take_in(database, [arrival("a", carrier_id="x"), arrival("b", carrier_id="x")])
    [third] = await take_in(database, [arrival("c", carrier_id="x")])

    assert isinstance(first, Message)
    assert [each.id for each in (second, third) if isinstance(each, Message)] == [first.id] * 2
    assert await texts(database) == ["a"]


async def test_message_that_cannot_be_kept_fails_alone(database: PostgresDatabase, account_id: AccountId) -> None:
    await add_credit(database, account_id, 100_000_000, NOW)
    good = [InboundMessage(PEER, OWN, str(n)) for n in range(3)]
    bad = InboundMessage(PEER, OWN, "\ud800")  # half a character, which no store takes

    taken = await asyncio.gather(
        *(receive_message(database, each, NOW) for each in (*good[:2], bad, good[2])), return_exceptions=True
    )

    assert [isinstance(each, Message) for each in taken] == [True, True, False, True]
    assert await texts(database) == ["0", "1", "2"]


async def test_numbers_of_several_accounts_are_each_their_own(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    other = await add_account(database)
    await add_number(database, other, OTHER, NOW)
    await add_credit(database, account_id, 100_000_000, NOW)

    taken = await take_in(database, [arrival("mine"), arrival("broke", to=OTHER), arrival("nobody", to="+12025550177")])

    mine, broke, nobody = taken
    assert isinstance(mine, Message)
    assert mine.account_id == account_id
    assert isinstance(broke, MessageRefused)
    assert broke.refused is Refused.INSUFFICIENT_BALANCE
    assert isinstance(nobody, MessageRefused)


async def test_what_one_says_about_consent_holds_for_the_next_of_its_batch(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """START means something only from who has stopped before."""
    await add_credit(database, account_id, 100_000_000, NOW)

    await take_in(database, [arrival("STOP"), arrival("START"), arrival("hello")])

    rows = await database.pool.fetch("select wish from consent_records")  # of one moment: in no order
    assert sorted(row["wish"].lower() for row in rows) == ["start", "stop"]
    assert await database.pool.fetchval("select count(*) from opt_outs") == 0


async def test_segments_that_the_carrier_counted_are_billed(database: PostgresDatabase, account_id: AccountId) -> None:
    """A national table holds in one segment what would else take two."""
    await add_credit(database, account_id, 100_000_000, NOW)
    one = await price(database, account_id)
    turkish = "ğ" * 100
    before = await balance(database, account_id)

    await take_in(database, [arrival(turkish, parts=1)])
    counted = before - await balance(database, account_id)
    await take_in(database, [arrival(turkish)])

    assert counted == one
    assert before - await balance(database, account_id) == 3 * one
