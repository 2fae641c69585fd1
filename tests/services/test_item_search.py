"""The search gives what a look at every item would give, in every order, page by page, whichever way it takes."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.item_estimates import Way, possible_ways
from dialplane.adapters.postgres.item_facts import look_up
from dialplane.adapters.postgres.item_search import Search
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.supply.inventory import ItemQuery, Near, NewItem, Ordering
from dialplane.domain.supply.item_matching import fits, sort_key
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.supply.inventory import import_items, list_countries, locate, reserve, search
from tests.sealing import SEAL
from tests.services.buying import NOW, buyer, carriers, item, stock

Result = TypeVar("Result")

PLACES = (
    ("CA", "San Francisco", "94103", 37.7749, -122.4194),
    ("CA", "Oakland", "94612", 37.8044, -122.2712),
    ("NY", "New York", "10001", 40.7506, -73.9971),
    ("Fiji", "Labasa", "", -16.4333, 179.3667),
    ("Fiji", "Taveuni", "", -16.8667, -179.9667),
    ("", "", "", None, None),
)
HEADS = (("US", "+1415"), ("US", "+1212"), ("CA", "+1416"), ("GB", "+4420"), ("DE", "+4930"), ("FJ", "+6798"))


def made_stock() -> list[NewItem]:
    """Two hundred items of every sort, their digits few, so that patterns meet some."""
    return [
        NewItem(
            number=f"{head}{n * 7919 % 1000:03}{'0455'[n % 4] * 2}{n % 10}{n % 7}",
            kind=(NumberKind.LOCAL, NumberKind.MOBILE, NumberKind.TOLL_FREE)[n % 3],
            country=country,
            region=region,
            locality=locality,
            postal_code=postal_code,
            latitude=latitude,
            longitude=longitude,
            capabilities=(("voice",), ("voice", "sms"), ("voice", "fax"), ())[n % 4],
            setup_micros=Micros(n % 3 * 500_000),
            monthly_micros=Micros(1_000_000 + n % 5 * 250_000),
            documents_required=("proof_of_address",) if n % 6 == 0 else (),
        )
        for n in range(200)
        for country, head in [HEADS[n % len(HEADS)]]
        for region, locality, postal_code, latitude, longitude in [PLACES[n // 7 % len(PLACES)]]
    ]


STOCK = {each.number: each for each in made_stock()}
PATTERN = st.text("0145*", max_size=6) | st.from_regex(r"[0145]\*{0,2}[0145]{1,2}\*{1,2}[0145]{1,2}", fullmatch=True)
WHOLE = st.sampled_from(sorted(STOCK))


@st.composite
def queries(draw: st.DrawFn) -> ItemQuery:
    near = draw(
        st.none()
        | st.builds(Near, *map(st.sampled_from, ((37.7, 40.7, -16.5), (-122.4, -74.0, 179.9))), st.floats(1, 1000))
    )
    orders: list[Ordering | None] = [None, Ordering.NUMBER, Ordering.PRICE]
    digits = draw(WHOLE)
    start = draw(st.integers(1, 8))
    prices = st.none() | st.integers(0, 3_000_000)
    return ItemQuery(
        countries=("US", *draw(st.lists(st.sampled_from(["CA", "GB", "DE", "FJ", "JP"]), max_size=5))),
        kinds=tuple(draw(st.lists(st.sampled_from([NumberKind.LOCAL, NumberKind.MOBILE]), max_size=2))),
        starts_with=draw(st.just("") | st.sampled_from(["1", "1*1", "1415", "44", "4*3", digits[1:6]])),
        contains=draw(st.just("") | PATTERN | st.just(digits[start : start + 5])),
        spells=draw(st.just("") | PATTERN),
        ends_with=draw(st.just("") | PATTERN | st.just(digits[-4:])),
        region=draw(st.sampled_from(["", "", "CA"])),
        locality=draw(st.sampled_from(["", "", "san francisco", "Nowhere"])),
        postal_code=draw(st.sampled_from(["", "", "10001"])),
        capabilities=tuple(draw(st.lists(st.sampled_from(["voice", "sms"]), max_size=2))),
        incapable_of=draw(st.sampled_from([(), ("fax",)])),
        without_documents=draw(st.booleans()),
        max_setup_micros=draw(prices),
        max_monthly_micros=draw(prices),
        max_total_micros=draw(prices),
        near=near,
        order=draw(st.sampled_from(orders if near is None else [*orders, Ordering.DISTANCE])),
        limit=draw(st.integers(1, 40)),
        offset=draw(st.sampled_from([0, 0, 3])),
    )


def looked_through(query: ItemQuery) -> list[str]:
    """What a look at every item gives."""
    fitting = sorted((each for each in STOCK.values() if fits(query, each)), key=lambda each: sort_key(query, each))
    return [each.number for each in fitting[query.offset : query.offset + query.limit]]


async def by_every_way(database: PostgresDatabase, query: ItemQuery) -> dict[Way, list[str]]:
    async with database.reading() as tx:
        facts = await look_up(tx.connection, query)
        if facts.is_hopeless:
            return {}
        plans = await possible_ways(tx.connection, query, facts)
        return {plan.way: await Search(tx.connection, query, facts).run(plan) for plan in plans}


def test_every_way_gives_what_a_look_at_every_item_gives(dsn: str) -> None:
    loop = asyncio.new_event_loop()

    def run(work: Awaitable[Result]) -> Result:
        return loop.run_until_complete(work)

    database = run(connect(dsn, SEAL, max_size=2))
    run(import_items(database, list(STOCK.values()), NOW))
    seen: set[Way] = set()

    @settings(max_examples=120, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @example(ItemQuery(contains="4155"))
    @example(ItemQuery(contains="14**55"))
    @example(ItemQuery(contains="1*5*5", ends_with="0**1"))
    @example(ItemQuery(contains="14**00**1"))
    @example(ItemQuery(contains="5***0*"))
    @example(ItemQuery(contains="141", offset=3))
    @example(ItemQuery(contains="*4*4", order=Ordering.PRICE, offset=3, limit=9))
    @example(ItemQuery(contains="15**5", order=Ordering.PRICE))
    @example(ItemQuery(country="FJ", near=Near(-16.6, 179.9, 100)))
    @example(ItemQuery(country="US", locality="oakland", order=Ordering.PRICE))
    @example(ItemQuery(country="US", capabilities=("fax",), near=Near(37.7, -122.4, 500)))
    @given(queries())
    def compare(query: ItemQuery) -> None:
        query.check()
        expected = looked_through(query)
        ways = run(by_every_way(database, query))
        seen.update(ways)
        assert dict.fromkeys(ways, expected) == ways
        assert ways or not expected

    compare()
    assert seen == set(Way)
    run(database.close())
    loop.close()


@pytest.mark.parametrize("order", [Ordering.NUMBER, Ordering.PRICE, Ordering.DISTANCE])
async def test_pages_visit_every_item_once_while_others_are_bought(database: PostgresDatabase, order: Ordering) -> None:
    await import_items(database, list(STOCK.values()), NOW)
    account_id = await buyer(database)
    query = ItemQuery(country="US", near=Near(37.8, -122.3, 1000), order=order, limit=7)
    every = looked_through(replace(query, limit=1000))

    visited: list[str] = []
    after = None
    while offers := await search(database, replace(query, after=after), NOW):
        visited += [offer.number for offer in offers]
        after = sort_key(query, offers[-1])
        await reserve(database, account_id, offers[0].number, NOW)  # of what was seen, nothing comes again

    assert visited == every
    assert len(every) > 14


async def test_numbers_bought_by_pattern_at_once_are_different_ones(database: PostgresDatabase) -> None:
    """NUM-2: of thirty buyers of any number with the digits, each gets one, as long as there are some."""
    await stock(database, *(f"+1415777{n:04}" for n in range(25)))
    buyers = [await buyer(database) for _ in range(5)]
    wanted = NumberOrder(query=ItemQuery(country="US", area_code="415", contains="777"))

    got = await asyncio.gather(
        *(buy_number(database, carriers(database), buyers[n % 5], wanted, NOW) for n in range(30)),
        return_exceptions=True,
    )

    numbers = [each.number for each in got if not isinstance(each, BaseException)]
    assert sorted(numbers) == [f"+1415777{n:04}" for n in range(25)]


async def test_price_that_changes_is_searched_by(database: PostgresDatabase) -> None:
    await stock(database, "+14155550100", "+14155550101")
    await database.pool.execute("update inventory_items set monthly_micros = 7 where number = '+14155550101'")

    cheap: Sequence[object] = [o.number for o in await search(database, ItemQuery("US", max_monthly_micros=10), NOW)]

    assert cheap == ["+14155550101"]


async def test_countries_are_listed_until_their_last_number_is_gone(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, "+14155550100", latitude=37.77, longitude=-122.42)
    await import_items(database, [item("+442079460000", country="GB", kind=NumberKind.MOBILE)], NOW)

    assert await list_countries(database) == {"GB": (NumberKind.MOBILE,), "US": (NumberKind.LOCAL,)}
    assert await locate(database, "+14159999999") == (37.77, -122.42)

    await reserve(database, account_id, "+442079460000", NOW)
    assert list(await list_countries(database)) == ["US"]
