"""FRD-5: the first call or text to a country, and the first one at a high price, are told within a minute."""

from datetime import datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.calling.destinations import place_of
from dialplane.domain.ids import AccountId, CallId, new_id, utc_now
from dialplane.domain.operating.unusual import HIGH_PRICE
from dialplane.services.calling.dialling import Opened, OutgoingWish, open_calls
from dialplane.services.messaging.conversations import write_text
from dialplane.services.operating.firsts import look_for_firsts
from tests.services.buying import bought, buyer, stock
from tests.services.test_spikes import OWN, PEER


@pytest.fixture
async def account(database: PostgresDatabase) -> AccountId:
    made = await buyer(database, micros=1_000_000_000, plan="professional")
    await stock(database, OWN)
    await bought(database, made, OWN)
    await database.pool.execute("update accounts set destination_whitelist = '{us,gb,fr}' where id = $1", made)
    return made


async def dial(database: PostgresDatabase, account: AccountId, number: str, now: datetime) -> CallId:
    wish = OutgoingWish(CallId(new_id(now)), account, tel(number), "node", source=tel(OWN))
    [outcome] = await open_calls(database, [wish], now)
    assert isinstance(outcome, Opened), outcome
    return wish.call_id


async def told(database: PostgresDatabase, account: AccountId) -> list[tuple[str, str]]:
    rows = await database.pool.fetch(
        "select type, data ->> 'country' as country from events where account_id = $1 and resource = 'outbound'"
        " order by type, country",
        account,
    )
    return [(row["type"], row["country"]) for row in rows]


async def test_first_call_or_text_to_a_country_is_told_once_and_the_home_country_never(
    database: PostgresDatabase, account: AccountId
) -> None:
    now = utc_now()
    await dial(database, account, PEER, now)
    await dial(database, account, "+442079460018", now)
    await write_text(database, account, own=OWN, peer="+33612345678", text="bonjour", now=now)
    await look_for_firsts(database, now)
    assert await told(database, account) == [("outbound_country_new", "FR"), ("outbound_country_new", "GB")]

    await dial(database, account, "+442079460019", now)
    assert await look_for_firsts(database, now) == 0
    assert await look_for_firsts(database, now + timedelta(days=1)) == 0


async def test_first_call_at_a_high_price_is_told_at_home_too(database: PostgresDatabase, account: AccountId) -> None:
    now = utc_now()
    call_id = await dial(database, account, PEER, now)
    await database.pool.execute("update holds set rate_micros = $2 where key = 'call:' || $1::text", str(call_id), 100)
    assert await look_for_firsts(database, now) == 0
    await database.pool.execute(
        "update holds set rate_micros = $2, rate_increment_s = 6 where key = 'call:' || $1::text",
        str(call_id),
        HIGH_PRICE // 10,
    )
    assert await look_for_firsts(database, now) == 1
    assert await look_for_firsts(database, now) == 0
    assert await told(database, account) == [("outbound_price_high", "US")]


def test_country_of_a_number_is_its_region_or_its_code() -> None:
    numbers = ("+12025550143", "+14165550143", "+442079460018", "+88213300000", "+79991234567", "12", "")
    assert [place_of(each) for each in numbers] == ["US", "CA", "GB", "+882", "RU", "", ""]
