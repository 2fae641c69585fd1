"""FRD-5 over the ledger: who spends far more than usual is told, and paused until the operator lifts it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.outbound_limits import PAUSE_TEXT
from dialplane.domain.charging.ledger import Charge, ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.errors import LimitExceeded
from dialplane.domain.ids import AccountId, CallId, new_id, utc_now
from dialplane.domain.money import usd
from dialplane.services.calling.dialling import Opened, OutgoingWish, open_calls
from dialplane.services.calling.outbound_limits import find_outbound_pause, lift_outbound_pause
from dialplane.services.charging.ledger import charge
from dialplane.services.messaging.conversations import write_text
from dialplane.services.operating.spikes import look_for_spikes
from tests.services.buying import bought, buyer, stock

OWN, PEER = "+12025550143", "+12025550106"


@pytest.fixture
async def account(database: PostgresDatabase) -> AccountId:
    """Ten days old, with a dollar spent on each of them."""
    now = utc_now()
    made = await buyer(database, micros=1_000_000_000, plan="professional")
    await stock(database, OWN)
    await bought(database, made, OWN)
    async with database.transaction() as tx:
        found = await tx.accounts.find(made, for_update=True)
        assert found is not None
        await tx.accounts.update(replace(found, destination_whitelist=("us",)))
    await made_at(database, made, now - timedelta(days=10))
    for days in range(1, 10):
        await spend(database, made, "1", now - timedelta(days=days))
    return made


async def made_at(database: PostgresDatabase, account: AccountId, at: datetime) -> None:
    await database.pool.execute("update accounts set created_at = $2 where id = $1", account, at)


async def spend(
    database: PostgresDatabase, account: AccountId, dollars: str, at: datetime, kind: ReferenceType = ReferenceType.CALL
) -> None:
    cost = CostType.CALL_PSTN_OUTGOING if kind is ReferenceType.CALL else CostType.NUMBER
    about = new_id(at)
    async with database.transaction() as tx:
        await charge(tx, account, Charge(f"{kind}:{about}", Rate(cost, usd(dollars)), 1, kind, about, at, at), at)


async def told(database: PostgresDatabase, account: AccountId) -> list[str]:
    rows = await database.pool.fetch(
        "select type from events where account_id = $1 and resource = 'outbound' order by occurred_at, type", account
    )
    return [row["type"] for row in rows]


async def dials(database: PostgresDatabase, account: AccountId) -> bool:
    now = utc_now()
    [outcome] = await open_calls(
        database, [OutgoingWish(CallId(new_id(now)), account, tel(PEER), "node", source=tel(OWN))], now
    )
    if not isinstance(outcome, Opened):
        assert outcome.message == PAUSE_TEXT
    return isinstance(outcome, Opened)


async def test_ten_times_is_told_once_and_twenty_times_pauses(database: PostgresDatabase, account: AccountId) -> None:
    await spend(database, account, "15", utc_now())
    await look_for_spikes(database, utc_now())
    await look_for_spikes(database, utc_now())
    assert await told(database, account) == ["outbound_spending_unusual"]
    assert await dials(database, account)

    await spend(database, account, "10", utc_now())
    await look_for_spikes(database, utc_now())
    await look_for_spikes(database, utc_now())

    pause = await find_outbound_pause(database, account)
    assert pause is not None
    assert pause.says.startswith("$25.00 in the last hour")
    assert (await told(database, account))[:2] == ["outbound_spending_unusual", "outbound_paused"]
    assert not await dials(database, account)
    with pytest.raises(LimitExceeded):
        await write_text(database, account, own=OWN, peer=PEER, text="hello", now=utc_now())


async def test_lifted_pause_stays_lifted_for_what_was_spent_before(
    database: PostgresDatabase, account: AccountId
) -> None:
    await spend(database, account, "25", utc_now())
    await look_for_spikes(database, utc_now())

    await lift_outbound_pause(database, account, utc_now())
    await look_for_spikes(database, utc_now())

    assert await dials(database, account)
    assert (await told(database, account))[-1] == "outbound_resumed"
    await spend(database, account, "25", utc_now())
    await look_for_spikes(database, utc_now())
    assert not await dials(database, account)


async def test_bought_numbers_and_a_young_account_pause_nothing(database: PostgresDatabase, account: AccountId) -> None:
    young = await buyer(database, micros=1_000_000_000)
    await made_at(database, young, utc_now() - timedelta(hours=20))
    await spend(database, young, "500", utc_now())
    await spend(database, account, "50", utc_now(), ReferenceType.NUMBER)

    await look_for_spikes(database, utc_now())

    assert await find_outbound_pause(database, account) is None
    assert await find_outbound_pause(database, young) is None
    assert await told(database, young) == ["outbound_spending_unusual"]
    assert await told(database, account) == []


async def test_days_are_the_sums_of_the_ledger(database: PostgresDatabase, account: AccountId) -> None:
    """LED-3: they are written with the entries, and the check compares them."""
    async with database.reading() as tx:
        assert (await tx.ledger.totals()).balanced

    change = "update ledger_days set micros = micros + $2 where account_id = $1"
    await database.pool.execute(change, account, 1)
    async with database.reading() as tx:
        assert not (await tx.ledger.totals()).balanced
    await database.pool.execute(change, account, -1)
