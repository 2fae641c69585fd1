"""Search, import and reservations."""

import re
from datetime import timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import AlreadyExists, Conflict, Invalid, LimitExceeded, NotFound
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import MOST_RESERVED, RESERVATION, ItemQuery, Near, ReservationStatus
from dialplane.services.supply.inventory import (
    expire_reservations,
    get_reservation,
    give_back,
    import_items,
    list_reservations,
    reserve,
    search,
)
from tests.services.buying import NOW, bought, buyer, item, stock

SF, LA, FREE, SEOUL = "+14155550100", "+13105557777", "+18005551234", "+82212345678"


@pytest.fixture
async def stocked(database: PostgresDatabase) -> PostgresDatabase:
    await import_items(
        database,
        [
            item(SF, region="CA", locality="San Francisco", latitude=37.77, longitude=-122.42),
            item(LA, region="CA", locality="Los Angeles", latitude=34.05, longitude=-118.24, capabilities=("voice",)),
            item(FREE, kind=NumberKind.TOLL_FREE, monthly_micros=Micros(2_000_000)),
            item(SEOUL, country="KR"),
        ],
        NOW,
    )
    return database


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (ItemQuery(country="US"), [LA, SF, FREE]),
        (ItemQuery(country="KR"), [SEOUL]),
        (ItemQuery(country="US", kinds=(NumberKind.TOLL_FREE,)), [FREE]),
        (ItemQuery(country="US", area_code="415"), [SF]),
        (ItemQuery(starts_with="1*1"), [LA, SF]),
        (ItemQuery(ends_with="7777"), [LA]),
        (ItemQuery(ends_with="12*4"), [FREE]),
        (ItemQuery(contains="5550"), [SF]),
        (ItemQuery(contains="55**00"), [SF]),
        (ItemQuery(country="US", contains="55"), [LA, SF, FREE]),
        (ItemQuery(country="US", region="CA", locality="los angeles"), [LA]),
        (ItemQuery(country="US", capabilities=("sms",)), [SF, FREE]),
        (ItemQuery(country="US", max_monthly_micros=1_000_000), [LA, SF]),
        (ItemQuery(country="US", near=Near(37.8, -122.3, 50)), [SF]),
        (ItemQuery(country="US", near=Near(34.1, -118.3, 1000)), [LA, SF]),
        (ItemQuery(country="US", limit=1), [LA]),
    ],
)
async def test_search_finds_what_fits(stocked: PostgresDatabase, query: ItemQuery, found: list[str]) -> None:
    assert [offer.number for offer in await search(stocked, query, NOW)] == found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (ItemQuery(), "country"),
        (ItemQuery(country="us"), "country"),
        (ItemQuery(country="US", contains="5%5"), "contains"),
        (ItemQuery(country="US", ends_with="_"), "ends_with"),
        (ItemQuery(area_code="415", starts_with="1"), "area_code"),
        (ItemQuery(country="US", limit=1001), "limit"),
        (ItemQuery(country="US", near=Near(91, 0)), "near"),
    ],
)
async def test_search_refuses_and_names_the_field(database: PostgresDatabase, query: ItemQuery, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await search(database, query, NOW)
    assert refusal.value.field == field


async def test_virtual_offers_are_free_numbers_of_the_offered_range(database: PostgresDatabase) -> None:
    offers = await search(database, ItemQuery(kinds=(NumberKind.VIRTUAL,), limit=50), NOW)

    assert len({offer.number for offer in offers}) == 50
    assert all(re.fullmatch(r"\+899(?!000)[0-9]{9}", offer.number) for offer in offers)


async def test_import_is_repeatable_and_leaves_sold_numbers_alone(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, SF)
    await bought(database, account_id, SF)

    assert await import_items(database, [item(SF), item(LA)], NOW) == [LA]
    assert [offer.number for offer in await search(database, ItemQuery(country="US"), NOW)] == [LA]


async def test_import_with_a_bad_line_imports_nothing(database: PostgresDatabase) -> None:
    with pytest.raises(Invalid):
        await import_items(database, [item(SF), item("+1415")], NOW)
    assert await search(database, ItemQuery(country="US"), NOW) == []


@pytest.mark.parametrize("kinds", [("",), ("x" * 65,), ("a,b",), ("a\n",), tuple(f"kind_{n}" for n in range(21))])
async def test_document_that_nobody_could_hand_in_is_not_asked_for(
    database: PostgresDatabase, kinds: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as refusal:
        await import_items(database, [item(SF, documents_required=kinds)], NOW)
    assert refusal.value.field == "documents_required"


async def test_account_holds_a_thousand_numbers_at_most_without_buying(stocked: PostgresDatabase) -> None:
    holder = await buyer(stocked)
    first = await reserve(stocked, holder, SF, NOW)
    await stock(stocked, *(f"+1212556{n:04}" for n in range(MOST_RESERVED)))
    last = f"+1212556{MOST_RESERVED - 1:04}"
    await stocked.pool.execute(
        "insert into reservations (id, account_id, item_id, number, status, expires_at, created_at)"
        " select gen_random_uuid(), $1, id, number, 'held', $2, $3 from inventory_items"
        " where number like '+1212556%' and number <> $4",
        holder, NOW + RESERVATION, NOW, last,
    )  # fmt: skip

    with pytest.raises(LimitExceeded):
        await reserve(stocked, holder, last, NOW)
    assert await reserve(stocked, holder, SF, NOW) == first
    assert (await reserve(stocked, holder, last, NOW + RESERVATION)).number == last


async def test_reservation_takes_the_item_off_the_offer_for_30_minutes(stocked: PostgresDatabase) -> None:
    holder, other = await buyer(stocked), await buyer(stocked)

    reservation = await reserve(stocked, holder, SF, NOW)

    assert reservation.expires_at == NOW + timedelta(minutes=30)
    assert await reserve(stocked, holder, SF, NOW) == reservation
    assert await list_reservations(stocked, holder, NOW) == [reservation]
    with pytest.raises(AlreadyExists):
        await reserve(stocked, other, SF, NOW)
    with pytest.raises(NotFound):
        await get_reservation(stocked, other, reservation.id, NOW)
    assert SF not in [offer.number for offer in await search(stocked, ItemQuery(country="US"), NOW)]

    assert await expire_reservations(stocked, NOW + timedelta(minutes=29)) == 0
    assert await expire_reservations(stocked, NOW + timedelta(minutes=30)) == 1
    assert SF in [offer.number for offer in await search(stocked, ItemQuery(country="US"), NOW)]


async def test_reservation_that_ran_out_gives_way_before_the_worker_comes(stocked: PostgresDatabase) -> None:
    holder, other = await buyer(stocked), await buyer(stocked)
    first = await reserve(stocked, holder, SF, NOW)

    await reserve(stocked, other, SF, NOW + timedelta(minutes=31))

    assert (await get_reservation(stocked, holder, first.id, NOW)).status is ReservationStatus.EXPIRED


async def test_reservation_is_given_back_once(stocked: PostgresDatabase) -> None:
    holder = await buyer(stocked)
    reservation = await reserve(stocked, holder, SF, NOW)

    ended = await give_back(stocked, holder, reservation.id, NOW)

    assert ended.status is ReservationStatus.RELEASED
    assert SF in [offer.number for offer in await search(stocked, ItemQuery(country="US"), NOW)]
    with pytest.raises(Conflict):
        await give_back(stocked, holder, reservation.id, NOW)


async def test_reserving_the_unknown_is_not_found(database: PostgresDatabase) -> None:
    with pytest.raises(NotFound):
        await reserve(database, await buyer(database), SF, NOW)
