"""Whatever goes wrong at whichever call to the carrier, an order ends with the number paid for, or with neither."""

import itertools

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Conflict
from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.numbers import QUARANTINE
from dialplane.domain.supply.inventory import SANDBOX
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.numbering.orders import list_orders
from dialplane.services.numbering.reconcile import reconcile_orders, reconcile_stock
from tests.fakes.unsure_carrier import Mishap, UnsureCarrier
from tests.services.buying import NOW, PRICE, buy, buyer, credit_of, stock
from tests.services.life import assert_life_is_whole

CREDIT = 100_000_000
OFTEN = 12
"""Looks of the reconciler; an order that is still open after them would stay so."""


@pytest.mark.parametrize("mishap", Mishap)
async def test_mishap_at_any_call_of_a_purchase_ends_with_number_and_charge_or_with_neither(
    database: PostgresDatabase, mishap: Mishap
) -> None:
    """NUM-3: error, time-out, late success, duplicate, refusal, at each call; one order at the carrier at most."""
    account_id = await buyer(database, CREDIT)
    sold = 0
    for at in itertools.count():
        number = f"+1415555{at:04}"
        await stock(database, number, carrier=SANDBOX)
        carrier = UnsureCarrier(mishap, at)
        try:
            await buy(database, account_id, number, at=carrier)
        except Conflict:
            assert mishap is Mishap.REFUSED
        await _reconcile(database, account_id, carrier)

        held = {each.number for each in await list_numbers(database, account_id)}
        assert list(carrier.orders.values()) == ([number] if number in held else [])
        assert (number in held) or mishap is Mishap.REFUSED
        sold += number in held
        assert await credit_of(database, account_id) == (CREDIT - sold * PRICE, 0)
        await assert_life_is_whole(database)
        if not carrier.had_it:
            break
    assert at > 1


@pytest.mark.parametrize("mishap", [Mishap.ERROR, Mishap.TIMEOUT, Mishap.TWICE])
async def test_mishap_when_a_number_goes_back_to_the_carrier_is_made_up_for(
    database: PostgresDatabase, mishap: Mishap
) -> None:
    """NUM-3, NUM-4: it is offered again when the carrier has it back, not before."""
    account_id = await buyer(database, CREDIT)
    await stock(database, "+14155550100", carrier=SANDBOX)
    carrier = UnsureCarrier(mishap, 2)  # after the order and the look at the carrier's inventory
    await buy(database, account_id, "+14155550100", at=carrier)
    (number,) = await list_numbers(database, account_id)
    await release_number(database, account_id, number.id, NOW)

    offered = [await reconcile_stock(database, carrier, NOW + QUARANTINE) for _ in range(3)]

    assert carrier.had_it
    assert sum(offered) == 1
    assert carrier.orders == {}
    await assert_life_is_whole(database)


async def _reconcile(database: PostgresDatabase, account_id: AccountId, carrier: UnsureCarrier) -> None:
    """The worker comes by whenever the order says so."""
    for _ in range(OFTEN):
        times = [order.check_at for order in await list_orders(database, account_id) if order.check_at is not None]
        if not times:
            return
        await reconcile_orders(database, carrier, times[0])
    raise AssertionError("the order stays open")
