"""Two changes of one number at once, in every order that their statements can take (NUM-1, LED-1, LED-4).

One side stands still after each of its steps in turn, and the other goes as far as it can meanwhile: to its end, or to
a lock that the first one holds. Then both end. Whoever is refused is refused in the words of the domain; a deadlock is
a fault.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Refusal
from dialplane.domain.ids import AccountId, DocumentId, NumberId, OrderId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.documents import Verdict
from dialplane.domain.numbering.numbers import GRACE, QUARANTINE, Number
from dialplane.domain.numbering.orders import NumberOrder, Order
from dialplane.domain.supply.inventory import OWNED, RESERVATION, SANDBOX, ItemQuery
from dialplane.domain.tenancy.accounts import AccountStatus
from dialplane.services.charging.billing import add_credit
from dialplane.services.numbering.documents import review_document
from dialplane.services.numbering.number_life import release_number, restore_number
from dialplane.services.numbering.orders import cancel_order
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.numbering.reconcile import reconcile_orders, reconcile_stock
from dialplane.services.numbering.renewal import renew_numbers
from dialplane.services.numbering.transfer import transfer_number
from dialplane.services.settings import CarrierSwitch, set_carrier_switch
from dialplane.services.supply.inventory import reserve
from dialplane.services.tenancy.administration import set_status
from tests.fakes.stepping import StandsStill, SteppedDatabase
from tests.services.buying import NOW, PRICE, bought, buy, buyer, carriers, stock
from tests.services.life import assert_life_is_whole, handed_in, reconcile, sub_account

DUE = datetime(2026, 4, 30, 12, 0, tzinfo=NOW.tzinfo)
"""Of the first month of what was bought at NOW."""

Pair = Callable[[PostgresDatabase, str, str], Awaitable[tuple["Act", "Act"]]]
Act = Callable[[PostgresDatabase], Coroutine[None, None, object]]


@dataclass
class Outcome:
    """What became of both; None where the answer was a refusal."""

    first: object
    second: object


async def at_every_step(
    database: PostgresDatabase, begin: Callable[[str], Awaitable[tuple[Act, Act]]], *, most: int = 80
) -> list[Outcome]:
    """Play the pair again and again, the first standing still one step later each time; what became of each round."""
    outcomes: list[Outcome] = []
    async with _Watch(database) as watch:
        for step in range(1, most):
            first, second = await begin(f"+1415559{step:04}")
            stands = StandsStill(step)
            one = asyncio.create_task(_answer(first(SteppedDatabase(database, stands))))
            await _first_of(one, stands.stands)
            other = asyncio.create_task(_answer(second(database)))
            await watch.until_done_or_waiting(other)
            stands.may_go_on.set()
            outcomes.append(Outcome(await one, await other))
            await reconcile(database)
            await assert_life_is_whole(database)
            if stands.steps < step:
                return outcomes
    raise AssertionError("the round never came to its end")


async def _answer(work: Coroutine[None, None, object]) -> object:
    try:
        return await work
    except Refusal:
        return None


async def _first_of(task: asyncio.Task[object], event: asyncio.Event) -> None:
    waiting = asyncio.ensure_future(event.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


class _Watch:
    """Knows who waits for a lock in the test's database."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def __aenter__(self) -> "_Watch":
        self._connection = await self._database.pool.acquire()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._database.pool.release(self._connection)

    async def until_done_or_waiting(self, task: asyncio.Task[object]) -> None:
        while not task.done() and not await self._connection.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        ):
            pass


async def _standing(database: PostgresDatabase) -> tuple[AccountId, AccountId]:
    """An account and one below it."""
    top = await buyer(database)
    return top, await sub_account(database, top)


# --- pairs -----------------------------------------------------------------------------------------------------------
# Each makes what it needs and gives the two acts.


async def buy_and_close_the_account(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    """A number that costs nothing: an empty purse would not stop it."""
    _, account_id = await _standing(database)
    await stock(database, number, carrier=carrier, setup_micros=0, monthly_micros=0)
    return (
        lambda db: buy(db, account_id, number),
        lambda db: set_status(db, account_id, AccountStatus.DELETED, now=NOW),
    )


async def buy_what_is_reserved_and_close_the_account_above(
    database: PostgresDatabase, number: str, carrier: str
) -> tuple[Act, Act]:
    top, account_id = await _standing(database)
    await _credit(database, account_id)
    await stock(database, number, carrier=carrier)
    await reserve(database, account_id, number, NOW)
    return (
        lambda db: buy(db, account_id, number),
        lambda db: set_status(db, top, AccountStatus.DELETED, now=NOW),
    )


async def buy_any_and_close_the_account(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    account_id = await buyer(database)
    await stock(database, number, carrier=carrier)
    wanted = NumberOrder(query=ItemQuery(country="US", area_code=number[2:]))
    return (
        lambda db: buy_number(db, carriers(db), account_id, wanted, NOW),
        lambda db: set_status(db, account_id, AccountStatus.DELETED, now=NOW),
    )


async def buy_when_the_reservation_runs_out(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    """The holder in the last moment, and the worker and somebody else in the first one after it."""
    holder, other = await buyer(database), await buyer(database)
    await stock(database, number, carrier=carrier)
    await reserve(database, holder, number, NOW)
    return lambda db: buy(db, holder, number), lambda db: _reconcile_and_buy(db, other, number, NOW + RESERVATION)


async def buy_and_reserve(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    one, other = await buyer(database), await buyer(database)
    await stock(database, number, carrier=carrier)
    return lambda db: buy(db, one, number), lambda db: reserve(db, other, number, NOW)


async def buy_twice_with_one_key(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    account_id = await buyer(database)
    await stock(database, number, carrier=carrier)
    return (lambda db: buy(db, account_id, number, key=number),) * 2


async def restore_when_the_quarantine_ends(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    """The holder in the last moment, and the worker and somebody else in the first one after it."""
    holder, other = await buyer(database), await buyer(database)
    held = await _held(database, holder, number, carrier)
    await release_number(database, holder, held, NOW)
    return (
        lambda db: restore_number(db, holder, held, NOW),
        lambda db: _reconcile_and_buy(db, other, number, NOW + QUARANTINE),
    )


async def release_and_restore(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    account_id = await buyer(database)
    held = await _held(database, account_id, number, carrier)
    return (
        lambda db: release_number(db, account_id, held, NOW),
        lambda db: restore_number(db, account_id, held, NOW),
    )


async def release_and_buy(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    account_id, other = await buyer(database), await buyer(database)
    held = await _held(database, account_id, number, carrier)
    return lambda db: release_number(db, account_id, held, NOW), lambda db: buy(db, other, number)


async def release_and_transfer(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    top, below = await _standing(database)
    held = await _held(database, top, number, carrier)
    return lambda db: release_number(db, top, held, NOW), lambda db: transfer_number(db, top, held, below, NOW)


async def release_and_renew(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    account_id = await buyer(database)
    held = await _held(database, account_id, number, carrier)
    return lambda db: release_number(db, account_id, held, NOW), lambda db: renew_numbers(db, DUE)


async def transfer_and_close_the_taker(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    top, below = await _standing(database)
    held = await _held(database, top, number, carrier)
    return (
        lambda db: transfer_number(db, top, held, below, NOW),
        lambda db: set_status(db, below, AccountStatus.DELETED, now=NOW),
    )


async def transfer_and_close_the_holder(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    top, below = await _standing(database)
    await _credit(database, below)
    held = await _held(database, below, number, carrier)
    return (
        lambda db: transfer_number(db, top, held, top, NOW),
        lambda db: set_status(db, below, AccountStatus.DELETED, now=NOW),
    )


async def restore_and_close_the_account(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    account_id = await buyer(database)
    held = await _held(database, account_id, number, carrier)
    await release_number(database, account_id, held, NOW)
    return (
        lambda db: restore_number(db, account_id, held, NOW),
        lambda db: set_status(db, account_id, AccountStatus.DELETED, now=NOW),
    )


async def reserve_again_and_close_the_account(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    """A reservation that ran out, which nobody has noticed yet."""
    account_id = await buyer(database)
    await stock(database, number, carrier=carrier)
    await reserve(database, account_id, number, NOW - RESERVATION)
    return (
        lambda db: reserve(db, account_id, number, NOW),
        lambda db: set_status(db, account_id, AccountStatus.DELETED, now=NOW),
    )


async def renew_and_close_the_account(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    account_id = await buyer(database)
    await _held(database, account_id, number, carrier)
    return (
        lambda db: renew_numbers(db, DUE),
        lambda db: set_status(db, account_id, AccountStatus.DELETED, now=NOW),
    )


async def renew_and_renew(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    account_id = await buyer(database)
    await _held(database, account_id, number, carrier)
    return (lambda db: renew_numbers(db, DUE),) * 2


async def pay_and_suspend(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    """Credit arrives at the moment in which the grace ends."""
    account_id = await buyer(database, PRICE)
    await _held(database, account_id, number, carrier)
    await renew_numbers(database, DUE)
    return lambda db: _credit(db, account_id), lambda db: renew_numbers(db, DUE + GRACE)


async def approve_and_cancel(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    account_id = await buyer(database)
    order, document = await _waiting_order(database, account_id, number, carrier)
    return (
        lambda db: review_document(db, document, Verdict.APPROVE, "", NOW),
        lambda db: cancel_order(db, account_id, order, NOW),
    )


async def approve_and_close_the_account(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    account_id = await buyer(database)
    _, document = await _waiting_order(database, account_id, number, carrier)
    return (
        lambda db: review_document(db, document, Verdict.APPROVE, "", NOW),
        lambda db: set_status(db, account_id, AccountStatus.DELETED, now=NOW),
    )


async def reconcile_and_close_the_account(database: PostgresDatabase, number: str, carrier: str) -> tuple[Act, Act]:
    """The carrier has not answered; now it does."""
    account_id = await buyer(database)
    await stock(database, number, carrier=SANDBOX)
    await set_carrier_switch(database, CarrierSwitch.TIMEOUT)
    await buy(database, account_id, number)
    await set_carrier_switch(database, CarrierSwitch.OK)
    return (
        lambda db: reconcile_orders(db, carriers(db), NOW + timedelta(minutes=2)),
        lambda db: set_status(db, account_id, AccountStatus.DELETED, now=NOW),
    )


PAIRS = (
    (buy_and_close_the_account, OWNED),
    (buy_and_close_the_account, SANDBOX),
    (buy_what_is_reserved_and_close_the_account_above, OWNED),
    (buy_what_is_reserved_and_close_the_account_above, SANDBOX),
    (buy_any_and_close_the_account, OWNED),
    (buy_when_the_reservation_runs_out, OWNED),
    (buy_when_the_reservation_runs_out, SANDBOX),
    (buy_and_reserve, SANDBOX),
    (buy_twice_with_one_key, OWNED),
    (buy_twice_with_one_key, SANDBOX),
    (restore_when_the_quarantine_ends, OWNED),
    (restore_when_the_quarantine_ends, SANDBOX),
    (release_and_restore, OWNED),
    (release_and_buy, OWNED),
    (release_and_transfer, OWNED),
    (release_and_renew, OWNED),
    (transfer_and_close_the_taker, OWNED),
    (transfer_and_close_the_holder, OWNED),
    (restore_and_close_the_account, OWNED),
    (reserve_again_and_close_the_account, OWNED),
    (renew_and_close_the_account, OWNED),
    (renew_and_renew, OWNED),
    (pay_and_suspend, OWNED),
    (approve_and_cancel, OWNED),
    (approve_and_close_the_account, SANDBOX),
    (reconcile_and_close_the_account, SANDBOX),
)

swapped = pytest.mark.parametrize("swap", [False, True], ids=["first", "second"])


@swapped
@pytest.mark.parametrize(("pair", "carrier"), PAIRS, ids=[f"{pair.__name__}-{carrier}" for pair, carrier in PAIRS])
async def test_life_is_whole_in_whatever_order_two_acts_come(
    database: PostgresDatabase, pair: Pair, carrier: str, swap: bool
) -> None:
    """NUM-1, NUM-3, LED-1, LED-4, LED-11: one holder, one charge, no hold left, nothing for a closed account."""

    async def begin(number: str) -> tuple[Act, Act]:
        first, second = await pair(database, number, carrier)
        return (second, first) if swap else (first, second)

    assert len(await at_every_step(database, begin)) > 1


@swapped
@pytest.mark.parametrize("carrier", [OWNED, SANDBOX])
async def test_of_two_buyers_one_has_the_number(database: PostgresDatabase, carrier: str, swap: bool) -> None:
    """NUM-1"""
    one, other = await buyer(database), await buyer(database)

    async def begin(number: str) -> tuple[Act, Act]:
        await stock(database, number, carrier=carrier)
        first, second = (other, one) if swap else (one, other)
        return lambda db: buy(db, first, number), lambda db: buy(db, second, number)

    for outcome in await at_every_step(database, begin):
        assert (outcome.first is None) != (outcome.second is None)


# --- parts -----------------------------------------------------------------------------------------------------------


async def _held(database: PostgresDatabase, account_id: AccountId, number: str, carrier: str) -> NumberId:
    await stock(database, number, carrier=carrier)
    return (await bought(database, account_id, number)).id


async def _waiting_order(
    database: PostgresDatabase, account_id: AccountId, number: str, carrier: str
) -> tuple[OrderId, DocumentId]:
    """An order with its one document, which waits for its review."""
    await stock(database, number, carrier=carrier, documents_required=("identity",))
    order = await buy(database, account_id, number)
    assert isinstance(order, Order)
    with TemporaryDirectory() as folder:
        document = await handed_in(database, FolderObjects(Path(folder)), account_id, order_id=order.id)
    return order.id, document.id


async def _credit(database: PostgresDatabase, account_id: AccountId) -> None:
    await add_credit(database, account_id, Micros(10_000_000), "paid", key=f"paid:{account_id}", now=NOW)


async def _reconcile_and_buy(
    database: PostgresDatabase, account_id: AccountId, number: str, now: datetime
) -> Number | Order:
    await reconcile_stock(database, carriers(database), now)
    return await buy(database, account_id, number)
