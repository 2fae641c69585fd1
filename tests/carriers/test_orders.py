"""Buying at Telnyx and Twilio through every mishap: nothing twice, nothing charged without a number (NUM-3)."""

from datetime import timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.orders import Order, OrderStatus
from dialplane.domain.supply.carrier_accounts import CarrierKind, CarrierStatus
from dialplane.domain.supply.inventory import ItemQuery, StockQuery
from dialplane.fakes.misbehaviour import How
from dialplane.fakes.telnyx import FakeTelnyx
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.numbering.orders import get_order, list_orders
from dialplane.services.numbering.reconcile import reconcile_orders
from dialplane.services.supply.carrier_accounts import (
    EXCHANGES_KEPT,
    OFFER_KEPT,
    AccountChange,
    change_account,
    forget_exchanges,
    list_exchanges,
    withdraw_old_offers,
)
from dialplane.services.supply.carrier_search import CarrierReply, search_everywhere
from dialplane.services.supply.stock import list_stock
from tests.fakes.carriers import Wired, wired
from tests.services.buying import NOW, assert_balanced, buy, buyer, credit_of, stock

PRICE = 2_500_000
"""Of each number of the fakes: 1.00 to set up and 1.50 a month."""
CREDIT = 100_000_000


async def reconcile(database: PostgresDatabase, wire: Wired, *, rounds: int = 1) -> list[Order]:
    looked: list[Order] = []
    for n in range(1, rounds + 1):
        looked = await reconcile_orders(database, wire.carriers, NOW + n * timedelta(minutes=2))
    return looked


async def outcome(database: PostgresDatabase, account_id: AccountId) -> tuple[list[str], tuple[int, int]]:
    numbers = await list_numbers(database, account_id)
    return [number.number for number in numbers], await credit_of(database, account_id)


async def test_search_shows_what_the_carrier_has_with_price_and_place(database: PostgresDatabase, wire: Wired) -> None:
    query = ItemQuery(country="US", area_code=wire.number[2:5], capabilities=("sms",), limit=3)

    found = await search_everywhere(database, wire.carriers, query, NOW)

    assert found.carriers == {wire.account.name: CarrierReply.ANSWERED}
    assert len(found.offers) == 3
    offer = found.offers[0]
    assert (offer.number, offer.country, offer.kind) == (wire.number, "US", "local")
    assert (offer.setup_micros, offer.monthly_micros) == (1_000_000, 1_500_000)
    assert set(offer.capabilities) == {"voice", "sms", "mms"}
    assert offer.locality


async def test_search_by_ending_finds_the_one_number(database: PostgresDatabase, wire: Wired) -> None:
    query = ItemQuery(country="US", ends_with="105", area_code=wire.number[2:5])

    found = await search_everywhere(database, wire.carriers, query, NOW)

    assert [offer.number for offer in found.offers] == [wire.number[:-1] + "5"]


async def test_purchase_gives_the_number_configured_and_charges_once(database: PostgresDatabase, wire: Wired) -> None:
    account_id = await buyer(database)

    number = await buy(database, account_id, wire.number, at=wire.carriers)

    assert isinstance(number, Number)
    assert (number.carrier, wire.bought) == (wire.account.name, [wire.number])
    assert await credit_of(database, account_id) == (CREDIT - PRICE, 0)
    settings = await wire.carriers.find_settings(wire.account.name)
    assert settings is not None
    there = await settings.find_number(wire.number)
    assert there is not None
    assert {name: there.settings[name] for name in settings.wanted_settings} == settings.wanted_settings
    await assert_balanced(database)


@pytest.mark.parametrize("how", [How.LOST, How.ERROR_AFTER])
async def test_order_whose_answer_is_lost_is_found_again_and_not_bought_twice(
    database: PostgresDatabase, wire: Wired, how: How
) -> None:
    """NUM-3: it timed out after the carrier took it."""
    account_id = await buyer(database)
    await search_everywhere(database, wire.carriers, ItemQuery(number=wire.number), NOW)
    wire.goes_wrong(how, wire.order_at)

    begun = await buy(database, account_id, wire.number, at=wire.carriers)
    assert isinstance(begun, Order)
    assert begun.status is OrderStatus.SUBMITTED
    assert await credit_of(database, account_id) == (CREDIT, PRICE)
    await reconcile(database, wire, rounds=3)

    assert await outcome(database, account_id) == ([wire.number], (CREDIT - PRICE, 0))
    assert wire.bought == [wire.number]
    if isinstance(wire.fake, FakeTelnyx):
        assert len(wire.fake.orders) == 1
    await assert_balanced(database)


@pytest.mark.parametrize("how", [How.ERROR, How.BUSY])
async def test_order_that_the_carrier_never_took_is_ordered_by_the_reconciler(
    database: PostgresDatabase, wire: Wired, how: How
) -> None:
    account_id = await buyer(database)
    wire.goes_wrong(how, wire.order_at)

    assert isinstance(await buy(database, account_id, wire.number, at=wire.carriers), Order)
    assert wire.bought == []
    await reconcile(database, wire)

    assert await outcome(database, account_id) == ([wire.number], (CREDIT - PRICE, 0))
    await assert_balanced(database)


async def test_refusal_comes_in_the_carriers_words_and_costs_nothing(database: PostgresDatabase, wire: Wired) -> None:
    account_id = await buyer(database)
    wire.goes_wrong(How.REFUSE, wire.order_at)

    with pytest.raises(Conflict, match="is not available") as refused:
        await buy(database, account_id, wire.number, at=wire.carriers)

    assert refused.value.reason == "CARRIER_REFUSED"
    assert await outcome(database, account_id) == ([], (CREDIT, 0))
    assert wire.bought == []


async def test_order_is_given_back_where_another_takes_the_number_between_two_looks(
    database: PostgresDatabase, wire: Wired
) -> None:
    account_id = await buyer(database)
    wire.goes_wrong(How.ERROR, wire.order_at)
    await buy(database, account_id, wire.number, at=wire.carriers)
    wire.goes_wrong(How.REFUSE, wire.order_at)

    (ended,) = await reconcile(database, wire)

    assert ended.status is OrderStatus.FAILED
    assert await outcome(database, account_id) == ([], (CREDIT, 0))


async def test_wrong_key_refuses_the_purchase_and_holds_no_money(database: PostgresDatabase, wire: Wired) -> None:
    account_id = await buyer(database)
    await buy(database, account_id, wire.number, at=wire.carriers)  # so that others are in stock too
    other = wire.number[:-1] + "1"
    await change_account(database, wire.account.id, AccountChange(api_key="wrong"), NOW)

    with pytest.raises(Conflict, match="check its key"):
        await buy_from_stock(database, wire, account_id, other)

    assert await outcome(database, account_id) == ([wire.number], (CREDIT - PRICE, 0))


async def buy_from_stock(database: PostgresDatabase, wire: Wired, account_id: AccountId, number: str) -> None:
    """A number that was taken in by an earlier search."""
    await stock(database, number, carrier=wire.account.name)
    await buy(database, account_id, number, at=wire.carriers)


async def test_paused_account_is_not_searched(database: PostgresDatabase, wire: Wired) -> None:
    await change_account(database, wire.account.id, AccountChange(status=CarrierStatus.PAUSED), NOW)

    found = await search_everywhere(database, wire.carriers, ItemQuery(country="US"), NOW)

    assert (found.offers, dict(found.carriers)) == ([], {})
    with pytest.raises(NotFound):
        await buy(database, await buyer(database), wire.number, at=wire.carriers)


async def test_late_order_is_confirmed_when_the_carrier_is_ready(database: PostgresDatabase, telnyx: Wired) -> None:
    account_id = await buyer(database)
    telnyx.goes_wrong(How.LATE, telnyx.order_at)

    begun = await buy(database, account_id, telnyx.number, at=telnyx.carriers)
    assert isinstance(begun, Order)
    await reconcile(database, telnyx)
    assert (await get_order(database, account_id, begun.id)).status is OrderStatus.SUBMITTED
    fulfil(telnyx)
    await reconcile(database, telnyx, rounds=2)

    assert await outcome(database, account_id) == ([telnyx.number], (CREDIT - PRICE, 0))
    assert (await get_order(database, account_id, begun.id)).status is OrderStatus.CONFIRMED


def fulfil(telnyx: Wired) -> None:
    assert isinstance(telnyx.fake, FakeTelnyx)
    for order in telnyx.fake.orders.values():
        telnyx.fake._fulfil(order)


async def test_order_that_waits_for_requirements_says_which(database: PostgresDatabase, telnyx: Wired) -> None:
    account_id = await buyer(database)

    begun = await buy(database, account_id, "+493055500100", at=telnyx.carriers)
    await reconcile(database, telnyx)

    assert isinstance(begun, Order)
    (order,) = await list_orders(database, account_id)
    assert order.status is OrderStatus.SUBMITTED
    assert order.reason == "requirements are requirement-info-pending; address 8ffb3622 is awaiting-value"


async def test_requirement_group_of_the_country_goes_with_the_order(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    async with wired(database, CarrierKind.TELNYX, requirements={"DE/local": "group-1"}) as telnyx:
        number = await buy(database, account_id, "+493055500100", at=telnyx.carriers)

    assert isinstance(number, Number)


async def test_offer_that_the_carrier_refused_is_withdrawn_and_numbers_that_are_held_stay(
    database: PostgresDatabase, wire: Wired
) -> None:
    account_id, other = await buyer(database), wire.number[:-1] + "1"
    await buy(database, account_id, wire.number, at=wire.carriers)
    await stock(database, other, carrier=wire.account.name)
    wire.goes_wrong(How.REFUSE, wire.order_at)
    with pytest.raises(Conflict):
        await buy(database, account_id, other, at=wire.carriers)

    await withdraw_old_offers(database, NOW)
    assert len(await list_stock(database, StockQuery(carrier=wire.account.name))) == 2
    await withdraw_old_offers(database, NOW + 2 * OFFER_KEPT)

    assert [item.number for item in await list_stock(database, StockQuery(carrier=wire.account.name))] == [wire.number]


async def test_record_is_forgotten_after_its_time(database: PostgresDatabase, wire: Wired) -> None:
    await buy(database, await buyer(database), wire.number, at=wire.carriers)

    await forget_exchanges(database, utc_now())
    assert await list_exchanges(database) != []
    await forget_exchanges(database, utc_now() + EXCHANGES_KEPT + timedelta(hours=1))

    assert await list_exchanges(database) == []


async def test_record_holds_request_and_answer_without_the_key(database: PostgresDatabase, wire: Wired) -> None:
    await buy(database, await buyer(database), wire.number, at=wire.carriers)

    kept = await list_exchanges(database, carrier=wire.account.name)

    assert {"GET", "POST"} <= {exchange.method for exchange in kept}
    ordered = next(exchange for exchange in kept if exchange.method == "POST")
    assert wire.number in ordered.request
    assert wire.number in ordered.answer
    assert ordered.status in (200, 201)
    text = str(kept)
    assert wire.account.api_key not in text
    assert "Bearer" not in text
    assert "Basic" not in text


async def test_number_that_the_operator_uses_elsewhere_is_not_sold(database: PostgresDatabase, twilio: Wired) -> None:
    """A purchase at Twilio of a number that is in the account would only write over its settings."""
    first = await buyer(database)
    await buy(database, first, twilio.number, at=twilio.carriers)
    twilio.settings["friendly_name"] = "our hotline"

    answer = await twilio.carriers.carrier(twilio.account.name).order(twilio.number, "another-reference")

    assert "already" in str(answer)
    assert twilio.settings["friendly_name"] == "our hotline"
