"""Buying numbers: the checks, the race, the carrier that misbehaves, and death at every step."""

import asyncio
from datetime import timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.charging.rating import CostType
from dialplane.domain.errors import (
    AlreadyExists,
    Conflict,
    InsufficientBalance,
    Invalid,
    LimitExceeded,
    Mismatch,
    NotFound,
    NotPermitted,
    Refusal,
)
from dialplane.domain.ids import AccountId, FlowId, new_id
from dialplane.domain.money import Micros
from dialplane.domain.numbering.history import OPERATOR
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.orders import NumberOrder, Order, OrderStatus
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.domain.supply.imports import StockRow
from dialplane.domain.supply.inventory import SANDBOX, ItemQuery
from dialplane.services.charging.billing import list_billings
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.numbers import get_number, list_numbers
from dialplane.services.numbering.orders import cancel_order, get_order, list_orders
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.numbering.reconcile import reconcile_orders
from dialplane.services.settings import CarrierSwitch, set_carrier_switch
from dialplane.services.supply.inventory import reserve, search
from dialplane.services.supply.stocking import put_in_stock
from tests.fakes.stopping import StopsAt
from tests.services.buying import (
    NOW,
    PRICE,
    assert_balanced,
    bought,
    buy,
    buyer,
    carriers,
    credit_of,
    item,
    stock,
)

NUMBER = "+14155550100"
SOON = NOW + timedelta(minutes=2)


async def offered(database: PostgresDatabase) -> list[str]:
    return [offer.number for offer in await search(database, ItemQuery(country="US"), NOW)]


async def reconcile(database: PostgresDatabase) -> list[Order]:
    return await reconcile_orders(database, carriers(database), SOON)


@pytest.mark.parametrize("carrier", ["owned", "sandbox"])
async def test_purchase_gives_the_number_and_charges_set_up_and_first_month_in_one_entry(
    database: PostgresDatabase, carrier: str
) -> None:
    account_id = await buyer(database, 10_000_000)
    await stock(database, NUMBER, carrier=carrier)

    number = await bought(database, account_id, NUMBER)

    assert await get_number(database, account_id, number.id) == number
    assert await offered(database) == []
    entries = [e for e in await list_billings(database, account_id) if e.rate.cost_type is CostType.NUMBER]
    assert [(e.amount_micros, e.reference_id) for e in entries] == [(-PRICE, number.id)]
    assert await database.pool.fetchval("select count(*) from events where type = 'number_created'") == 1
    await assert_balanced(database)


async def test_unverified_account_is_refused_before_anything_else(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 0, identity_status="none")
    await stock(database, NUMBER)

    with pytest.raises(NotPermitted) as refusal:
        await buy(database, account_id, NUMBER)
    assert refusal.value.reason == "IDENTITY_VERIFICATION_REQUIRED"


@pytest.mark.parametrize("carrier", ["owned", "sandbox"])
async def test_purchase_beyond_the_balance_changes_nothing(database: PostgresDatabase, carrier: str) -> None:
    account_id = await buyer(database, PRICE - 1)
    await stock(database, NUMBER, carrier=carrier)

    with pytest.raises(InsufficientBalance):
        await buy(database, account_id, NUMBER)

    assert await offered(database) == [NUMBER]
    assert await list_orders(database, account_id) == []
    await assert_balanced(database)


async def test_suspended_account_buys_nothing(database: PostgresDatabase) -> None:
    account_id = await buyer(database, status="suspended")
    await stock(database, NUMBER)

    with pytest.raises(NotPermitted):
        await buy(database, account_id, NUMBER)


async def test_decoration_of_a_number_is_no_part_of_it(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)

    assert (await bought(database, account_id, "+1 (415) 555-0100")).number == NUMBER


async def test_what_is_no_number_is_invalid(database: PostgresDatabase) -> None:
    with pytest.raises(Invalid):
        await buy(database, await buyer(database), "415")


async def test_number_that_nobody_offers_is_not_found(database: PostgresDatabase) -> None:
    with pytest.raises(NotFound):
        await buy(database, await buyer(database), NUMBER)


async def test_wrong_type_is_refused(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)

    with pytest.raises(Invalid) as refusal:
        await buy_number(database, carriers(database), account_id, NumberOrder(NUMBER, kind=NumberKind.TOLL_FREE), NOW)
    assert refusal.value.field == "type"


async def test_unknown_flow_is_refused(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    targets = Targets(voice=FlowTarget(FlowId(new_id(NOW))))

    with pytest.raises(NotFound) as refusal:
        await buy_number(database, carriers(database), account_id, NumberOrder(NUMBER, targets=targets), NOW)
    assert (refusal.value.reason, refusal.value.field) == ("FLOW_NOT_FOUND", "call_flow_id")


@pytest.mark.parametrize("carrier", ["owned", "sandbox"])
async def test_200_parallel_buyers_of_one_number_make_one_sale(database: PostgresDatabase, carrier: str) -> None:
    """NUM-1: one success, one charge, 199 clean refusals."""
    accounts = [await buyer(database, 10_000_000) for _ in range(10)]
    await stock(database, NUMBER, carrier=carrier)

    async def attempt(account_id: AccountId) -> Number | Order | Refusal:
        try:
            return await buy(database, account_id, NUMBER)
        except AlreadyExists as refusal:
            return refusal

    outcomes = await asyncio.gather(*(attempt(accounts[n % 10]) for n in range(200)))

    numbers = {outcome.id for outcome in outcomes if isinstance(outcome, Number)}
    assert len(numbers) == 1
    assert sum([10_000_000 - (await credit_of(database, account))[0] for account in accounts]) == PRICE
    await assert_balanced(database)


@pytest.mark.parametrize("carrier", ["owned", "sandbox"])
async def test_balance_for_5_numbers_buys_exactly_5_of_30_in_parallel(database: PostgresDatabase, carrier: str) -> None:
    """LED-4"""
    account_id = await buyer(database, 5 * PRICE)
    numbers = [f"+1415555{n:04}" for n in range(30)]
    await stock(database, *numbers, carrier=carrier)

    outcomes = await asyncio.gather(*(buy(database, account_id, n) for n in numbers), return_exceptions=True)

    assert sum(isinstance(outcome, Number) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, InsufficientBalance) for outcome in outcomes) == 25
    assert await credit_of(database, account_id) == (0, 0)
    await assert_balanced(database)


async def test_50_buyers_of_any_number_get_50_numbers(database: PostgresDatabase) -> None:
    """NUM-2"""
    account_id = await buyer(database)
    await stock(database, *(f"+1415555{n:04}" for n in range(50)))
    wanted = NumberOrder(query=ItemQuery(country="US", area_code="415"))

    got = await asyncio.gather(*(buy_number(database, carriers(database), account_id, wanted, NOW) for _ in range(50)))

    assert len({number.number for number in got}) == 50
    await assert_balanced(database)


async def test_refusal_of_the_carrier_gives_money_and_item_back(database: PostgresDatabase) -> None:
    """NUM-3"""
    account_id = await buyer(database, 10_000_000)
    await stock(database, NUMBER, carrier=SANDBOX)
    await set_carrier_switch(database, CarrierSwitch.REJECT)

    with pytest.raises(Conflict) as refusal:
        await buy(database, account_id, NUMBER)

    assert "no longer available" in refusal.value.message
    assert (await list_orders(database, account_id))[0].status is OrderStatus.FAILED
    assert await credit_of(database, account_id) == (10_000_000, 0)
    assert await offered(database) == [NUMBER]
    await assert_balanced(database)


@pytest.mark.parametrize("switch", [CarrierSwitch.TIMEOUT, CarrierSwitch.LATE])
async def test_purchase_without_an_answer_stays_an_order_and_ends_with_the_number(
    database: PostgresDatabase, switch: CarrierSwitch
) -> None:
    """NUM-3: never charged without a number, never ordered twice."""
    account_id = await buyer(database, 10_000_000)
    await stock(database, NUMBER, carrier=SANDBOX)
    await set_carrier_switch(database, switch)
    slow = carriers(database)
    if switch is CarrierSwitch.LATE:
        slow.carrier(SANDBOX)._late = timedelta(hours=1)  # type: ignore[attr-defined]  # the test's own hour

    order = await buy(database, account_id, NUMBER, at=slow)
    assert isinstance(order, Order)
    assert order.status is OrderStatus.SUBMITTED
    assert await credit_of(database, account_id) == (10_000_000, PRICE)
    again = await buy(database, account_id, NUMBER)  # a second try, out of impatience
    assert isinstance(again, Order)
    assert again.id == order.id

    await set_carrier_switch(database, CarrierSwitch.OK)
    await database.pool.execute("update sandbox_carrier_orders set completes_at = now() - interval '1 second'")
    assert [done.status for done in await reconcile(database)] == [OrderStatus.CONFIRMED]

    assert [number.number for number in await list_numbers(database, account_id)] == [NUMBER]
    assert await credit_of(database, account_id) == (10_000_000 - PRICE, 0)
    assert await database.pool.fetchval("select count(*) from sandbox_carrier_orders") == 1
    await assert_balanced(database)


async def test_unanswered_order_is_asked_again_with_growing_pauses(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER, carrier=SANDBOX)
    await set_carrier_switch(database, CarrierSwitch.TIMEOUT)
    await buy(database, account_id, NUMBER)

    assert await reconcile_orders(database, carriers(database), NOW + timedelta(seconds=1)) == []
    looks = [
        (await reconcile_orders(database, carriers(database), NOW + timedelta(seconds=second)))[0]
        for second in (5, 20, 60)
    ]

    pauses = [look.check_at - look.updated_at for look in looks if look.check_at is not None]
    assert pauses == [timedelta(seconds=10), timedelta(seconds=20), timedelta(seconds=40)]


async def test_several_reconcilers_end_each_order_once(database: PostgresDatabase) -> None:
    """NUM-3"""
    account_id = await buyer(database)
    await stock(database, *(f"+1415555{n:04}" for n in range(10)), carrier=SANDBOX)
    await set_carrier_switch(database, CarrierSwitch.TIMEOUT)
    for n in range(10):
        await buy(database, account_id, f"+1415555{n:04}")
    await set_carrier_switch(database, CarrierSwitch.OK)

    ended = await asyncio.gather(*(reconcile(database) for _ in range(4)))

    assert sum(len(orders) for orders in ended) == 10
    assert len(await list_numbers(database, account_id)) == 10
    assert await credit_of(database, account_id) == (100_000_000 - 10 * PRICE, 0)
    await assert_balanced(database)


@pytest.mark.parametrize(("carrier", "steps"), [("owned", 1), ("sandbox", 5)])
async def test_purchase_that_dies_at_any_step_is_ended_by_the_reconciler(
    database: PostgresDatabase, carrier: str, steps: int
) -> None:
    """NUM-3: death at each wait of the saga; repeating the request gives the first result (API-1)."""
    account_id = await buyer(database, 1_000_000_000)
    sold = 0
    for step in range(200):
        number = f"+1415556{step:04}"
        await stock(database, number, carrier=carrier)
        dying = StopsAt(buy(database, account_id, number, key=f"key-{step}"), step)
        try:
            await dying
        except asyncio.CancelledError:
            await reconcile(database)
            got = await buy(database, account_id, number, key=f"key-{step}")
            assert isinstance(got, Number)
        sold += 1
        assert await credit_of(database, account_id) == (1_000_000_000 - sold * PRICE, 0)
        if dying.waits <= step:
            break
    else:
        pytest.fail("the purchase never came to its end")
    assert sold > steps
    assert len(await list_numbers(database, account_id, limit=1000)) == sold
    assert await database.pool.fetchval("select count(*) from events where type = 'number_created'") == sold
    await assert_balanced(database)


async def test_same_key_gives_the_same_number(database: PostgresDatabase) -> None:
    """API-1: also where the answer to the first request got lost."""
    account_id = await buyer(database)
    await stock(database, NUMBER)

    first = await buy(database, account_id, NUMBER, key="k")
    second = await buy(database, account_id, NUMBER, key="k")

    assert second == first
    assert await credit_of(database, account_id) == (100_000_000 - PRICE, 0)


@pytest.mark.parametrize(("first", "second"), [(NUMBER, "+14155550101"), ("+899123456789", "+899123456780")])
async def test_key_that_bought_a_number_buys_no_other(database: PostgresDatabase, first: str, second: str) -> None:
    """API-1: also when the first answer is not kept any more; nobody is told that a number was bought that was not."""
    account_id = await buyer(database)
    await stock(database, NUMBER, "+14155550101")
    await buy(database, account_id, first, key="k")

    with pytest.raises(Mismatch) as refusal:
        await buy(database, account_id, second, key="k")

    assert refusal.value.reason == "IDEMPOTENCY_KEY_REUSED"
    assert [number.number for number in await list_numbers(database, account_id)] == [first]


async def test_order_for_documents_waits_and_can_be_cancelled(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 10_000_000)
    await stock(database, NUMBER, documents_required=("identity", "address"))

    order = await buy(database, account_id, NUMBER)
    assert isinstance(order, Order)
    assert (order.status, [document.kind for document in order.documents]) == (
        OrderStatus.PENDING, ["identity", "address"],
    )  # fmt: skip
    assert await reconcile(database) == []

    await cancel_order(database, account_id, order.id, NOW)
    assert await offered(database) == [NUMBER]
    with pytest.raises(Conflict):
        await cancel_order(database, account_id, order.id, NOW)
    await assert_balanced(database)


async def test_foreign_order_is_not_found(database: PostgresDatabase) -> None:
    account_id, stranger = await buyer(database), await buyer(database)
    await stock(database, NUMBER)
    await bought(database, account_id, NUMBER)
    order = (await list_orders(database, account_id))[0]

    with pytest.raises(NotFound):
        await get_order(database, stranger, order.id)


async def test_reserved_number_is_sold_to_its_holder_only(database: PostgresDatabase) -> None:
    holder, other = await buyer(database), await buyer(database)
    await stock(database, NUMBER)
    await reserve(database, holder, NUMBER, NOW)

    with pytest.raises(AlreadyExists):
        await buy(database, other, NUMBER)
    await bought(database, holder, NUMBER)


async def test_virtual_number_needs_no_money_and_no_identity(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 0, identity_status="none")

    number = await bought(database, account_id, "+899123456789")

    assert (number.kind, number.renews_at) == (NumberKind.VIRTUAL, None)


@pytest.mark.parametrize("monthly_micros", [0, 1_000_000])
async def test_bought_and_imported_numbers_have_a_due_day_only_where_the_month_costs_something(
    database: PostgresDatabase, monthly_micros: int
) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER, monthly_micros=Micros(monthly_micros))
    brought = item("+14155550177", monthly_micros=Micros(monthly_micros))

    sold = await bought(database, account_id, NUMBER)
    await put_in_stock(database, [StockRow(brought, account_id)], OPERATOR, NOW)
    async with database.reading() as tx:
        [own] = await tx.numbers.find_live(["+14155550177"])

    assert (own.renews_at, own.look_at) == (sold.renews_at, sold.look_at)
    assert (sold.renews_at is None, sold.look_at is None) == (not monthly_micros, not monthly_micros)


@pytest.mark.parametrize("number", ["+899000123456", "+89912345"])
async def test_reserved_or_malformed_virtual_number_is_invalid(database: PostgresDatabase, number: str) -> None:
    with pytest.raises(Invalid):
        await buy(database, await buyer(database), number)


async def test_plan_limits_virtual_numbers_also_in_parallel(database: PostgresDatabase) -> None:
    account_id = await buyer(database, 0)

    outcomes = await asyncio.gather(
        *(buy(database, account_id, f"+89912345678{n}") for n in range(10)), return_exceptions=True
    )

    assert sum(isinstance(outcome, Number) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, LimitExceeded) for outcome in outcomes) == 5


async def test_virtual_number_is_one_accounts_only_and_rests_after_its_release(database: PostgresDatabase) -> None:
    """NUM-1, NUM-4"""
    first, second = await buyer(database, 0), await buyer(database, 0)
    number = await bought(database, first, "+899123456789")

    with pytest.raises(AlreadyExists):
        await buy(database, second, "+899123456789")
    await release_number(database, first, number.id, NOW - timedelta(days=1))
    with pytest.raises(AlreadyExists):
        await buy(database, second, "+899123456789")


async def test_virtual_number_with_the_same_key_is_taken_once(database: PostgresDatabase) -> None:
    """API-1"""
    account_id = await buyer(database, 0)

    first = await buy(database, account_id, "+899123456789", key="k")

    assert await buy(database, account_id, "+899123456789", key="k") == first
