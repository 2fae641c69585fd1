"""Search over our own stock and carriers at once, and buying what only a carrier has. The carrier is the sandbox's."""

import asyncio
from dataclasses import replace

import pytest

from dialplane.adapters.carriers.owned import OwnedCarrier
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.carriers.sandbox import SandboxCarrier
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import AlreadyExists, NotFound, Unavailable
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.supply.inventory import OWNED, SANDBOX, ItemQuery, Ordering
from dialplane.domain.supply.item_matching import fits
from dialplane.domain.supply.sandbox_stock import sandbox_shelf, sandbox_stock
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.settings import CarrierSwitch, set_carrier_switch
from dialplane.services.supply.carrier_search import CarrierReply, reserve_anywhere, search_everywhere, with_carriers
from tests.services.buying import NOW, assert_balanced, buy, buyer, credit_of, stock

SHELF = [item.number for item in sorted(sandbox_shelf(), key=lambda item: item.number) if item.country == "US"]
OWN = ("+12025550100", "+16465550100", "+19995550100")
US = ItemQuery(country="US")


def carriers(database: PostgresDatabase, *names: str) -> CarrierRegistry:
    """The sandbox's carrier can be asked, under each of the names."""
    simulated = SandboxCarrier(database)
    return CarrierRegistry(
        {OWNED: OwnedCarrier(), SANDBOX: simulated}, searches=dict.fromkeys(names or (SANDBOX,), simulated)
    )


def test_shelf_holds_nothing_of_the_stock() -> None:
    assert not {item.number for item in sandbox_shelf()} & {item.number for item in sandbox_stock()}


async def test_own_stock_and_carriers_are_merged_in_order(database: PostgresDatabase) -> None:
    await stock(database, *OWN)

    found = await search_everywhere(database, carriers(database), replace(US, limit=1000), NOW)

    assert [offer.number for offer in found.offers] == sorted([*OWN, *SHELF])
    assert (found.next_key, found.is_partial, found.carriers) == (None, False, {SANDBOX: CarrierReply.ANSWERED})


@pytest.mark.parametrize("order", list(Ordering)[:2])
async def test_pages_visit_own_and_carriers_numbers_once(database: PostgresDatabase, order: Ordering) -> None:
    await stock(database, *OWN)
    query = replace(US, limit=50, order=order)
    everything = (await search_everywhere(database, carriers(database), replace(query, limit=1000), NOW)).offers

    pages = [await search_everywhere(database, carriers(database), query, NOW)]
    while pages[-1].next_key is not None:
        pages.append(
            await search_everywhere(database, carriers(database), replace(query, after=pages[-1].next_key), NOW)
        )

    assert [offer for page in pages for offer in page.offers] == everything
    assert len(everything) == len(OWN) + len(SHELF)


@pytest.mark.parametrize("offset", [0, 1, 100, 200, 201, 250, 299, 300, 1000])
async def test_offset_passes_over_own_and_carriers_numbers_alike(database: PostgresDatabase, offset: int) -> None:
    own = [f"+1720{n:03}0000" for n in range(100, 200)]
    await stock(database, *own)

    found = await search_everywhere(database, carriers(database), replace(US, offset=offset, limit=10), NOW)

    assert [offer.number for offer in found.offers] == sorted([*own, *SHELF])[offset : offset + 10]


async def test_number_that_several_show_comes_once_and_our_own_books_win(database: PostgresDatabase) -> None:
    """NUM-2."""
    mine, held = SHELF[:2]
    holder = await buyer(database)
    await stock(database, mine, held, monthly_micros=Micros(7))
    await reserve_anywhere(database, carriers(database), holder, held, NOW)

    found = await search_everywhere(database, carriers(database, "a", "b"), replace(US, limit=1000), NOW)

    numbers = [offer.number for offer in found.offers]
    assert numbers == sorted(set(SHELF) - {held})
    assert found.offers[numbers.index(mine)].monthly_micros == 7
    assert set(found.carriers) == {"a", "b"}


@pytest.mark.parametrize(
    ("switch", "timeout_s", "reply"),
    [
        (CarrierSwitch.TIMEOUT, 0.05, CarrierReply.TIMED_OUT),
        (CarrierSwitch.LATE, 0.05, CarrierReply.TIMED_OUT),
        (CarrierSwitch.REJECT, 10, CarrierReply.FAILED),
    ],
)
async def test_carrier_that_fails_or_is_slow_takes_nothing_from_the_rest(
    database: PostgresDatabase, switch: CarrierSwitch, timeout_s: float, reply: CarrierReply
) -> None:
    await stock(database, *OWN)
    await set_carrier_switch(database, switch)

    found = await search_everywhere(database, carriers(database), US, NOW, timeout_s=timeout_s)

    assert [offer.number for offer in found.offers] == list(OWN)
    assert (found.is_partial, found.carriers) == (True, {SANDBOX: reply})


async def test_filters_hold_for_carriers_too(database: PostgresDatabase) -> None:
    query = ItemQuery(countries=("US", "DE"), contains="1*", max_total_micros=2_000_000, without_documents=True)

    found = await search_everywhere(database, carriers(database), replace(query, limit=1000), NOW)

    assert {offer.number for offer in found.offers} == {item.number for item in sandbox_shelf() if fits(query, item)}
    assert found.offers


async def test_number_of_a_carrier_is_bought_and_charged(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 10_000_000)
    number = SHELF[0]

    got = await buy(database, account_id, number, at=carriers(database))

    assert isinstance(got, Number)
    assert (got.number, got.carrier, got.monthly_micros) == (number, SANDBOX, 1_750_000)
    assert await credit_of(database, account_id) == (8_250_000, 0)
    assert number not in [o.number for o in (await search_everywhere(database, carriers(database), US, NOW)).offers]
    assert await carriers(database).carrier(SANDBOX).owns(number)
    await assert_balanced(database)


async def test_number_of_a_carrier_goes_to_one_of_many_buyers(database: PostgresDatabase) -> None:
    """NUM-2: by its number one of ten gets it; by a pattern each gets another one."""
    buyers = [await buyer(database) for _ in range(10)]
    by_area = NumberOrder(query=ItemQuery(country="US", area_code="720"))

    got = await asyncio.gather(
        *(buy(database, each, SHELF[0], at=carriers(database)) for each in buyers), return_exceptions=True
    )
    others = await asyncio.gather(
        *(buy_number(database, carriers(database), each, by_area, NOW) for each in buyers[:5])
    )

    assert len([each for each in got if isinstance(each, Number)]) == 1
    assert {type(each) for each in got} == {Number, AlreadyExists}
    assert len({each.number for each in others}) == 5
    await assert_balanced(database)


async def test_number_of_a_carrier_is_reserved(database: PostgresDatabase) -> None:
    holder, other = await buyer(database), await buyer(database)

    reservation = await reserve_anywhere(database, carriers(database), holder, SHELF[0], NOW)

    assert reservation.number == SHELF[0]
    with pytest.raises(AlreadyExists):
        await buy(database, other, SHELF[0], at=carriers(database))


async def test_number_that_nobody_has_is_not_found_or_not_known(database: PostgresDatabase) -> None:
    """A carrier that does not answer may have it: the buyer should try again."""
    account_id = await buyer(database)
    with pytest.raises(NotFound):
        await buy(database, account_id, "+12125550199", at=carriers(database))

    await set_carrier_switch(database, CarrierSwitch.TIMEOUT)

    async def fail() -> None:
        raise NotFound("No carrier offers such a number", reason="NUMBER_NOT_FOUND")

    with pytest.raises(Unavailable):
        await with_carriers(database, carriers(database), ItemQuery(number=SHELF[0]), NOW, fail, timeout_s=0.05)
