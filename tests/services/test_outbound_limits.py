"""FRD-3, FRD-4, FRD-5: what an account calls outwards stays within what the operator has set."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import CallStatus
from dialplane.domain.calling.outbound_limits import OutboundLimits
from dialplane.domain.errors import LimitExceeded, Refusal
from dialplane.domain.ids import AccountId, CallId, new_id, utc_now
from dialplane.domain.money import Micros
from dialplane.services.calling.call_records import CallEnded, write_changes
from dialplane.services.calling.calls import delete_call
from dialplane.services.calling.dialling import Opened, OutgoingWish, open_calls
from dialplane.services.calling.outbound_limits import set_outbound_limits
from dialplane.services.charging.billing import get_balance
from tests.services.buying import bought, buyer, stock

OWN = "+12025550143"
MINUTE = Micros(10_000)
"""What a minute to the PSTN costs."""


@pytest.fixture
async def account(database: PostgresDatabase) -> AccountId:
    made = await buyer(database, micros=100_000_000, plan="professional")
    await stock(database, OWN)
    await bought(database, made, OWN)
    async with database.transaction() as tx:
        found = await tx.accounts.find(made, for_update=True)
        assert found is not None
        await tx.accounts.update(replace(found, destination_whitelist=("us",)))
    return made


async def limit(database: PostgresDatabase, account: AccountId, limits: OutboundLimits) -> None:
    await set_outbound_limits(database, account, limits, utc_now())


def wish(account: AccountId, now: datetime) -> OutgoingWish:
    return OutgoingWish(CallId(new_id(now)), account, tel("+12025550106"), "node", source=tel(OWN))


async def dial(
    database: PostgresDatabase, account: AccountId, count: int, now: datetime | None = None
) -> list[Opened | Refusal]:
    """So many calls in one transaction."""
    now = now or utc_now()
    return await open_calls(database, [wish(account, now) for _ in range(count)], now)


def placed(outcomes: list[Opened | Refusal]) -> list[Opened]:
    return [outcome for outcome in outcomes if isinstance(outcome, Opened)]


async def end(database: PostgresDatabase, opened: Opened, *, minutes: int) -> None:
    """The call was answered, and is over after so many minutes."""
    now = utc_now()
    ended = replace(
        opened.call, status=CallStatus.HANGUP, progressing_at=now - timedelta(minutes=minutes), ended_at=now
    )
    await write_changes(database, [CallEnded(ended, opened.billing)], now)


async def events(database: PostgresDatabase, account: AccountId) -> list[str]:
    """The limits that the account was told of."""
    async with database.transaction() as tx:
        rows = await tx.connection.fetch(
            "select data ->> 'limit' as hit from events where account_id = $1 and type = 'outbound_limit_reached'",
            account,
        )
    return [row["hit"] for row in rows]


async def test_account_without_limits_has_none(database: PostgresDatabase, account: AccountId) -> None:
    assert len(placed(await dial(database, account, 30))) == 30


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [
        (OutboundLimits(concurrent_calls=3), 3),
        (OutboundLimits(calls_per_second=2), 2),
        (OutboundLimits(concurrent_calls=0), 0),
        (OutboundLimits(price_per_minute=Micros(MINUTE - 1)), 0),
        (OutboundLimits(price_per_minute=MINUTE), 6),
        (OutboundLimits(spend_per_hour=Micros(3 * MINUTE)), 3),
        (OutboundLimits(spend_per_day=Micros(4 * MINUTE + 1)), 4),
        (OutboundLimits(spend_per_month=Micros(5 * MINUTE)), 5),
        (OutboundLimits(minutes_per_hour=3), 3),
        (OutboundLimits(country_minutes_per_hour=2), 2),
        (OutboundLimits(concurrent_calls=4, spend_per_day=Micros(2 * MINUTE)), 2),
    ],
)
async def test_call_beyond_a_limit_is_refused_and_costs_nothing(
    database: PostgresDatabase, account: AccountId, limits: OutboundLimits, allowed: int
) -> None:
    """FRD-3, FRD-9."""
    await limit(database, account, limits)

    outcomes = await dial(database, account, 6)

    refused = [outcome for outcome in outcomes if isinstance(outcome, LimitExceeded)]
    assert [len(placed(outcomes)), len(refused)] == [allowed, 6 - allowed]
    assert all(refusal.reason == "OUTBOUND_LIMIT_REACHED" for refusal in refused)
    purse = (await get_balance(database, account)).purse
    assert purse.credit_held == allowed * MINUTE


async def test_calls_that_are_dialled_at_the_same_moment_pass_no_limit_together(
    database: PostgresDatabase, account: AccountId
) -> None:
    """FRD-4: fifty at once, ten allowed."""
    await limit(database, account, OutboundLimits(concurrent_calls=10))

    outcomes = await asyncio.gather(*(dial(database, account, 1) for _ in range(50)))

    assert sum(len(placed(outcome)) for outcome in outcomes) == 10


async def test_other_accounts_are_not_held_to_it(database: PostgresDatabase, account: AccountId) -> None:
    """FRD-3."""
    other = await buyer(database, micros=100_000_000, plan="professional")
    await stock(database, "+12025550144")
    await bought(database, other, "+12025550144")
    await limit(database, other, OutboundLimits(concurrent_calls=0))

    assert len(placed(await dial(database, account, 3))) == 3


async def test_ended_call_makes_room_and_what_it_cost_counts(database: PostgresDatabase, account: AccountId) -> None:
    await limit(database, account, OutboundLimits(concurrent_calls=1, spend_per_hour=Micros(4 * MINUTE)))
    (first,) = placed(await dial(database, account, 2))

    await end(database, first, minutes=3)

    later = utc_now() + timedelta(seconds=2)
    (second,) = placed(await dial(database, account, 1, later))
    await end(database, second, minutes=1)
    assert placed(await dial(database, account, 1, later)) == []
    assert len(placed(await dial(database, account, 1, later + timedelta(hours=1, minutes=1)))) == 1


async def test_minutes_count_for_an_hour_and_for_the_country_that_was_called(
    database: PostgresDatabase, account: AccountId
) -> None:
    """FRD-3: one country that is used up closes no other."""
    async with database.transaction() as tx:
        await tx.connection.execute("update accounts set destination_whitelist = '{us,gb}' where id = $1", account)
    await limit(database, account, OutboundLimits(country_minutes_per_hour=4))
    (first,) = placed(await dial(database, account, 1))
    await end(database, first, minutes=3)
    now = utc_now() + timedelta(seconds=2)
    british = replace(wish(account, now), destination=tel("+442079460123"))

    outcomes = await open_calls(database, [wish(account, now), british, wish(account, now)], now)
    later = await dial(database, account, 1, now + timedelta(hours=1, minutes=1))

    assert [isinstance(outcome, Opened) for outcome in outcomes] == [True, True, False]
    assert "here US" in str(outcomes[2])
    assert len(placed(later)) == 1


async def test_deleting_a_call_makes_no_room(database: PostgresDatabase, account: AccountId) -> None:
    """FRD-3."""
    await limit(database, account, OutboundLimits(minutes_per_hour=3))
    (first,) = placed(await dial(database, account, 1))
    await end(database, first, minutes=3)

    await delete_call(database, account, first.call.id, utc_now())

    assert placed(await dial(database, account, 1)) == []


async def test_account_hears_of_a_limit_once_a_minute(database: PostgresDatabase, account: AccountId) -> None:
    """FRD-5."""
    await limit(database, account, OutboundLimits(concurrent_calls=0))
    now = utc_now()
    for _ in range(3):
        await dial(database, account, 2, now)
    assert await events(database, account) == ["concurrent_calls"]

    await dial(database, account, 1, now + timedelta(seconds=61))

    assert await events(database, account) == ["concurrent_calls"] * 2
