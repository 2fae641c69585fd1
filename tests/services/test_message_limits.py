"""FRD-3, FRD-4, FRD-5: how many messages an account sends in an hour, in all and to one country."""

import asyncio
from datetime import datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.outbound_limits import OutboundLimits
from dialplane.domain.errors import LimitExceeded
from dialplane.domain.ids import AccountId, RunId, new_id, utc_now
from dialplane.domain.messaging.messages import Direction, Message, MessageExtras
from dialplane.services.calling.outbound_limits import set_outbound_limits
from dialplane.services.charging.billing import get_balance
from dialplane.services.messaging.conversations import write_text
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.message_records import cancel_message
from dialplane.services.messaging.messages import MessageRequest, delete_message, list_messages
from dialplane.services.messaging.outbound_messages import send_message
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_number

OWN = "+12025550143"
PRICE = 10_000
GB, JE = "+447700900{:03d}", "+447797712{:03d}"


@pytest.fixture
async def account(database: PostgresDatabase) -> AccountId:
    return await sender(database, OWN)


async def sender(database: PostgresDatabase, own: str) -> AccountId:
    made = await add_account(database)
    await add_number(database, made, own, utc_now())
    await add_credit(database, made, 1_000 * PRICE, utc_now())
    return made


async def limit(database: PostgresDatabase, account: AccountId, limits: OutboundLimits) -> None:
    await set_outbound_limits(database, account, limits, utc_now())


async def send(
    database: PostgresDatabase,
    account: AccountId,
    *to: str,
    now: datetime | None = None,
    extras: MessageExtras | None = None,
    run_id: RunId | None = None,
) -> Message | LimitExceeded:
    request = MessageRequest(tel(OWN), tuple(map(tel, to)), "hello", extras=extras, run_id=run_id)
    try:
        return await send_message(database, account, request, now or utc_now())
    except LimitExceeded as refusal:
        return refusal


def us(position: int) -> str:
    """Far from the next, which is no run of neighbours."""
    return f"+1212555{1000 + 37 * position:04d}"


async def told(database: PostgresDatabase, account: AccountId) -> list[str]:
    """The limits that the account was told of."""
    rows = await database.pool.fetch(
        "select data ->> 'limit' as hit from events where account_id = $1 and type = 'outbound_limit_reached'", account
    )
    return [row["hit"] for row in rows]


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [
        (OutboundLimits(messages_per_hour=3), 3),
        (OutboundLimits(country_messages_per_hour=2), 2),
        (OutboundLimits(messages_per_hour=0), 0),
        (OutboundLimits(messages_per_hour=2, country_messages_per_hour=4), 2),
        (OutboundLimits(minutes_per_hour=0), 6),
    ],
)
async def test_message_beyond_a_limit_is_refused_and_costs_nothing(
    database: PostgresDatabase, account: AccountId, limits: OutboundLimits, allowed: int
) -> None:
    """FRD-3, FRD-9: the limit and one more."""
    await limit(database, account, limits)

    outcomes = [await send(database, account, us(each)) for each in range(6)]

    refused = [outcome for outcome in outcomes if isinstance(outcome, LimitExceeded)]
    assert len(refused) == 6 - allowed
    assert all(refusal.reason == "OUTBOUND_LIMIT_REACHED" for refusal in refused)
    assert (await get_balance(database, account)).purse.credit_held == allowed * PRICE


async def test_messages_that_are_sent_at_the_same_moment_pass_no_limit_together(
    database: PostgresDatabase, account: AccountId
) -> None:
    """FRD-4: fifty at once, ten allowed, and as many by a way that has transactions of its own."""
    await limit(database, account, OutboundLimits(country_messages_per_hour=10))

    async def write(position: int) -> bool:
        try:
            await write_text(database, account, own=OWN, peer=us(position), text="hello", now=utc_now())
        except LimitExceeded:
            return False
        return True

    sent, written = await asyncio.gather(
        asyncio.gather(*(send(database, account, us(each)) for each in range(25))),
        asyncio.gather(*(write(each) for each in range(25, 50))),
    )

    assert sum(isinstance(outcome, Message) for outcome in sent) + sum(written) == 10


async def test_each_receiver_counts_in_the_country_that_it_is_in(
    database: PostgresDatabase, account: AccountId
) -> None:
    """FRD-3: one country that is used up closes no other; a message goes to all of its receivers or to none."""
    await limit(database, account, OutboundLimits(country_messages_per_hour=2))

    both = await send(database, account, us(1), GB.format(123))
    one_too_many = await send(database, account, GB.format(321), us(2), us(3))
    others = [await send(database, account, to) for to in (us(4), GB.format(456), JE.format(123), us(5))]

    assert isinstance(both, Message)
    assert "here US" in str(one_too_many)
    assert [isinstance(outcome, Message) for outcome in others] == [True, True, True, False]


async def test_an_hour_is_the_last_sixty_minutes_and_deleting_makes_no_room(
    database: PostgresDatabase, account: AccountId
) -> None:
    await limit(database, account, OutboundLimits(messages_per_hour=1))
    now = utc_now()
    first = await send(database, account, us(1), now=now)
    assert isinstance(first, Message)
    await delete_message(database, account, first.id, now)

    soon = await send(database, account, us(2), now=now + timedelta(minutes=59))
    later = await send(database, account, us(3), now=now + timedelta(minutes=61))

    assert [isinstance(outcome, Message) for outcome in (soon, later)] == [False, True]


async def test_what_is_not_sent_makes_room(database: PostgresDatabase, account: AccountId) -> None:
    """Cancelled before its time; to who stopped, who was told so; too dear."""
    gone = us(9)
    await receive_message(database, InboundMessage(gone, OWN, "STOP"), utc_now())
    await limit(database, account, OutboundLimits(messages_per_hour=3))
    now = utc_now()
    planned = await send(database, account, us(1), extras=MessageExtras(send_at=now + timedelta(hours=2)))
    assert isinstance(planned, Message)
    await cancel_message(database, account, planned.id, now)

    outcomes = [
        await send(database, account, us(2), gone),
        await send(database, account, us(3), extras=MessageExtras(max_price_micros=1)),
        await send(database, account, us(4)),
        await send(database, account, us(5)),
    ]

    assert [isinstance(outcome, Message) for outcome in outcomes] == [True, True, True, False]


async def test_other_accounts_are_not_held_to_it_and_who_stops_is_told_so(
    database: PostgresDatabase, account: AccountId
) -> None:
    """FRD-3; consent stands above limits."""
    other = await sender(database, "+12025550144")
    await limit(database, account, OutboundLimits(messages_per_hour=0))

    request = MessageRequest(tel("+12025550144"), (tel(us(1)),), "hello")
    await send_message(database, other, request, utc_now())
    await receive_message(database, InboundMessage(us(2), OWN, "STOP"), utc_now())

    found = await list_messages(database, account, before=None, limit=10)
    assert sorted(message.direction for message in found) == [Direction.INBOUND, Direction.OUTBOUND]


async def test_account_hears_of_a_limit_once_a_minute_by_every_way(
    database: PostgresDatabase, account: AccountId
) -> None:
    """FRD-5: also where the message's transaction ended with it."""
    await limit(database, account, OutboundLimits(messages_per_hour=0, country_messages_per_hour=0))
    now = utc_now()
    for _ in range(2):
        await send(database, account, us(1), now=now)
    assert await told(database, account) == ["messages_per_hour"]

    await send(database, account, us(2), now=now + timedelta(seconds=61), run_id=RunId(new_id(now)))

    assert await told(database, account) == ["messages_per_hour"] * 2
