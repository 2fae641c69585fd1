"""Death at every step of a number's life: what is left is whole after the worker came by (NUM-3, LED-7, LED-11)."""

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.numbering.documents import Verdict
from dialplane.domain.numbering.numbers import QUARANTINE
from dialplane.domain.numbering.orders import Order, OrderStatus
from dialplane.domain.supply.inventory import OWNED, SANDBOX, ItemQuery
from dialplane.domain.tenancy.accounts import AccountStatus
from dialplane.services.numbering.documents import review_document
from dialplane.services.numbering.number_life import release_number, restore_number
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.numbering.orders import cancel_order, get_order
from dialplane.services.numbering.reconcile import reconcile_orders, reconcile_stock
from dialplane.services.numbering.renewal import renew_numbers
from dialplane.services.numbering.transfer import transfer_number
from dialplane.services.settings import CarrierSwitch, set_carrier_switch, set_clock
from dialplane.services.supply.inventory import give_back, reserve, search
from dialplane.services.tenancy.administration import set_status
from tests.effort import PATIENCE_S
from tests.services.buying import NOW, PRICE, bought, buy, buyer, carriers, credit_of, stock
from tests.services.dying import Attempt, Play, die_at_every_step
from tests.services.life import assert_life_is_whole, handed_in, sub_account

CREDIT = 1_000_000_000
MONTHLY = 1_000_000
DUE = datetime(2026, 4, 30, 12, 0, tzinfo=NOW.tzinfo)


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await buyer(database, CREDIT)


@pytest.mark.parametrize("carrier", [OWNED, SANDBOX])
async def test_purchase_of_a_reserved_number(
    database: PostgresDatabase, attempt: Attempt, account_id: AccountId, carrier: str
) -> None:
    """NUM-3, API-1"""

    async def begin(number: str) -> Play:
        await stock(database, number, carrier=carrier)
        await reserve(database, account_id, number, NOW)
        return lambda db: buy(db, account_id, number, key=number)

    deaths = await die_at_every_step(database, begin, attempt)

    assert deaths > 3
    assert len(await list_numbers(database, account_id)) == deaths + 1
    assert await credit_of(database, account_id) == (CREDIT - (deaths + 1) * PRICE, 0)


async def test_reservation_and_its_return(database: PostgresDatabase, attempt: Attempt, account_id: AccountId) -> None:
    async def begin(number: str) -> Play:
        await stock(database, number)
        return lambda db: _reserve_and_give_back(db, account_id, number)

    assert await die_at_every_step(database, begin, attempt) > 3


async def _reserve_and_give_back(database: PostgresDatabase, account_id: AccountId, number: str) -> None:
    reservation = await reserve(database, account_id, number, NOW)
    await give_back(database, account_id, reservation.id, NOW)


async def test_release(database: PostgresDatabase, attempt: Attempt, account_id: AccountId) -> None:
    async def begin(number: str) -> Play:
        await stock(database, number)
        held = await bought(database, account_id, number)
        return lambda db: release_number(db, account_id, held.id, NOW)

    assert await die_at_every_step(database, begin, attempt) > 3
    assert await list_numbers(database, account_id) == []


async def test_undo_of_a_release(database: PostgresDatabase, attempt: Attempt, account_id: AccountId) -> None:
    async def begin(number: str) -> Play:
        await stock(database, number)
        held = await bought(database, account_id, number)
        await release_number(database, account_id, held.id, NOW)
        return lambda db: restore_number(db, account_id, held.id, NOW)

    deaths = await die_at_every_step(database, begin, attempt)

    assert len(await list_numbers(database, account_id)) == deaths + 1


async def test_transfer(database: PostgresDatabase, attempt: Attempt, account_id: AccountId) -> None:
    below = await sub_account(database, account_id)

    async def begin(number: str) -> Play:
        await stock(database, number)
        held = await bought(database, account_id, number)
        return lambda db: transfer_number(db, account_id, held.id, below, NOW)

    deaths = await die_at_every_step(database, begin, attempt)

    assert deaths > 3
    assert await list_numbers(database, account_id) == []
    assert len(await list_numbers(database, below)) == deaths + 1


async def test_renewal(database: PostgresDatabase, attempt: Attempt, account_id: AccountId) -> None:
    """LED-11"""
    rounds = 0

    async def begin(number: str) -> Play:
        nonlocal rounds
        rounds += 1
        await stock(database, number)
        await bought(database, account_id, number)
        return lambda db: renew_numbers(db, DUE)

    assert await die_at_every_step(database, begin, attempt) > 3
    assert await credit_of(database, account_id) == (CREDIT - rounds * (PRICE + MONTHLY), 0)


async def test_suspension_of_an_unpaid_number(database: PostgresDatabase, attempt: Attempt) -> None:
    async def begin(number: str) -> Play:
        poor = await buyer(database, PRICE)
        await stock(database, number)
        await bought(database, poor, number)
        await renew_numbers(database, DUE)
        return lambda db: renew_numbers(db, DUE + timedelta(days=7))

    deaths = await die_at_every_step(database, begin, attempt)

    assert await database.pool.fetchval("select count(*) from numbers where suspended_for = 'unpaid'") == deaths + 1
    told = await database.pool.fetchval("select count(*) from events where type = 'number_suspended'")
    assert told == deaths + 1


@pytest.mark.parametrize("carrier", [OWNED, SANDBOX])
async def test_approval_of_the_last_document(
    database: PostgresDatabase, attempt: Attempt, account_id: AccountId, tmp_path: Path, carrier: str
) -> None:
    objects = FolderObjects(tmp_path)

    async def begin(number: str) -> Play:
        await stock(database, number, carrier=carrier, documents_required=("identity",))
        order = await buy(database, account_id, number)
        assert isinstance(order, Order)
        document = await handed_in(database, objects, account_id, order_id=order.id)
        return lambda db: review_document(db, document.id, Verdict.APPROVE, "", NOW)

    deaths = await die_at_every_step(database, begin, attempt)

    assert len(await list_numbers(database, account_id)) == deaths + 1


async def test_document_on_its_way_in(
    database: PostgresDatabase, attempt: Attempt, account_id: AccountId, tmp_path: Path
) -> None:
    objects = FolderObjects(tmp_path)

    async def begin(number: str) -> Play:
        await stock(database, number, carrier=SANDBOX, documents_required=("identity",))
        order = await buy(database, account_id, number)
        assert isinstance(order, Order)
        return lambda db: handed_in(db, objects, account_id, order_id=order.id)

    assert await die_at_every_step(database, begin, attempt) > 3
    keys = await database.pool.fetch("select account_id || '/' || id from documents")
    assert all((tmp_path / row[0]).is_file() for row in keys)


async def test_cancellation(database: PostgresDatabase, attempt: Attempt, account_id: AccountId) -> None:
    orders: list[Order] = []

    async def begin(number: str) -> Play:
        await stock(database, number, documents_required=("identity",))
        order = await buy(database, account_id, number)
        assert isinstance(order, Order)
        orders.append(order)
        return lambda db: cancel_order(db, account_id, order.id, NOW)

    assert await die_at_every_step(database, begin, attempt) > 3
    for order in orders:
        assert (await get_order(database, account_id, order.id)).status is OrderStatus.CANCELLED
    assert await credit_of(database, account_id) == (CREDIT, 0)


async def test_order_that_the_carrier_answers_at_last(
    database: PostgresDatabase, attempt: Attempt, account_id: AccountId
) -> None:
    """NUM-3: it is the reconciler that dies."""

    async def begin(number: str) -> Play:
        await stock(database, number, carrier=SANDBOX)
        await set_carrier_switch(database, CarrierSwitch.TIMEOUT)
        await buy(database, account_id, number)
        await set_carrier_switch(database, CarrierSwitch.OK)
        return lambda db: reconcile_orders(db, carriers(db), NOW + timedelta(minutes=1))

    deaths = await die_at_every_step(database, begin, attempt)

    assert deaths > 3
    assert len(await list_numbers(database, account_id)) == deaths + 1
    assert await database.pool.fetchval("select count(*) from sandbox_carrier_orders") == deaths + 1


async def test_end_of_the_quarantine(database: PostgresDatabase, attempt: Attempt, account_id: AccountId) -> None:
    numbers: list[str] = []

    async def begin(number: str) -> Play:
        numbers.append(number)
        await stock(database, number, carrier=SANDBOX)
        await release_number(database, account_id, (await bought(database, account_id, number)).id, NOW)
        return lambda db: reconcile_stock(db, carriers(db), NOW + QUARANTINE)

    assert await die_at_every_step(database, begin, attempt) > 3
    offered = await search(database, ItemQuery(country="US"), NOW)
    assert [offer.number for offer in offered] == numbers
    assert await database.pool.fetchval("select count(*) from sandbox_carrier_orders where state = 'owned'") == 0


async def test_end_of_an_account(database: PostgresDatabase, attempt: Attempt, account_id: AccountId) -> None:
    async def begin(number: str) -> Play:
        below = await sub_account(database, account_id)
        await stock(database, number, f"{number}9", setup_micros=0, monthly_micros=0)
        await bought(database, below, number)
        await reserve(database, below, f"{number}9", NOW)
        return lambda db: set_status(db, below, AccountStatus.DELETED, now=NOW)

    deaths = await die_at_every_step(database, begin, attempt)

    assert deaths > 3
    assert await database.pool.fetchval("select count(*) from accounts where status = 'deleted'") == deaths + 1


async def test_workers_that_are_killed_amid_renewals_charge_each_month_once(
    database: PostgresDatabase, dsn: str
) -> None:
    """LED-11, LED-7: two processes at once, killed when some months are paid and followed by others."""
    account_id = await buyer(database, CREDIT)
    numbers = [f"+1415558{n:04}" for n in range(60)]
    await stock(database, *numbers)
    for number in numbers:
        await bought(database, account_id, number)
    await set_clock(database, DUE, now=utc_now())
    before, _ = await credit_of(database, account_id)

    for paid in (10, 60):
        workers = [await _worker(dsn) for _ in range(2)]
        async with asyncio.timeout(PATIENCE_S):
            while await _renewed(database) < paid:
                await asyncio.sleep(0)
        for worker in workers:
            worker.kill()
            await worker.wait()

    assert await credit_of(database, account_id) == (before - 60 * MONTHLY, 0)
    await assert_life_is_whole(database)


async def _worker(dsn: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.worker.process", dsn)


async def _renewed(database: PostgresDatabase) -> int:
    count = await database.pool.fetchval("select count(*) from ledger_entries where reference_type = 'number_renew'")
    return int(count)
