"""Purchases that wait while their account is being closed: none leaves a number in a closed account (NUM-3, LED-1)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Invalid, NotPermitted
from dialplane.domain.ids import AccountId
from dialplane.domain.money import ZERO
from dialplane.domain.numbering.history import OPERATOR
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.orders import NumberOrder, Order
from dialplane.domain.numbering.targets import Targets
from dialplane.domain.supply.imports import StockRow
from dialplane.domain.supply.inventory import OWNED, SANDBOX, ItemQuery, NewItem
from dialplane.domain.tenancy.accounts import AccountStatus
from dialplane.services.numbering.number_life import release_number, restore_number
from dialplane.services.numbering.porting import PortDraft, WantedNumber, create_port
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.supply.stocking import put_in_stock
from dialplane.services.tenancy.account_standing import set_standing
from tests.services.buying import NOW, assert_balanced, bought, buyer, carriers, stock
from tests.services.porting import HOLDER

NUMBER = "+12025550143"
WAITS = """select exists (
    select from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()
)"""


async def during_closing(
    database: PostgresDatabase, account_id: AccountId, work: Callable[[], Awaitable[object]]
) -> object:
    """What comes of `work` that begins while the account is closed by a transaction that has not committed yet."""
    async with database.transaction() as tx:
        account = await tx.accounts.find(account_id, for_update=True)
        assert account is not None
        await set_standing(tx, account, AccountStatus.DELETED, OPERATOR, NOW)
        task = asyncio.ensure_future(work())
        while not task.done() and not await database.pool.fetchval(WAITS):
            pass
    return (await asyncio.gather(task, return_exceptions=True))[0]


@pytest.mark.parametrize("carrier", [OWNED, SANDBOX])
@pytest.mark.parametrize(
    "wanted", [NumberOrder(NUMBER), NumberOrder("", query=ItemQuery(country="US"))], ids=["number", "any"]
)
async def test_free_number_is_not_sold_to_an_account_that_is_being_closed(
    database: PostgresDatabase, carrier: str, wanted: NumberOrder
) -> None:
    """NUM-3: it costs nothing, so that the empty purse does not refuse it."""
    account_id = await buyer(database)
    await stock(database, NUMBER, carrier=carrier, setup_micros=ZERO, monthly_micros=ZERO)

    async def buy() -> Number | Order:
        return await buy_number(database, carriers(database), account_id, wanted, NOW)

    outcome = await during_closing(database, account_id, buy)

    assert isinstance(outcome, NotPermitted)
    assert await database.pool.fetchval("select count(*) from numbers") == 0
    assert await database.pool.fetchval("select count(*) from orders") == 0
    assert await database.pool.fetchval("select state from inventory_items") == "offered"
    await assert_balanced(database)


async def test_released_number_does_not_come_back_to_an_account_that_is_being_closed(
    database: PostgresDatabase,
) -> None:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    await release_number(database, account_id, number.id, NOW)

    outcome = await during_closing(database, account_id, lambda: restore_number(database, account_id, number.id, NOW))

    assert isinstance(outcome, NotPermitted)
    assert await database.pool.fetchval("select status from numbers") == "released"


async def test_brought_number_is_not_given_to_an_account_that_is_being_closed(database: PostgresDatabase) -> None:
    """NUM-3: the operator's import waits for the closing, and names the account."""
    account_id = await buyer(database)
    item = NewItem(NUMBER, NumberKind.LOCAL, "US")

    async def bring() -> list[str]:
        return await put_in_stock(database, [StockRow(item, account_id=account_id)], OPERATOR, NOW)

    outcome = await during_closing(database, account_id, bring)

    assert isinstance(outcome, Invalid)
    assert outcome.field == "account_id"
    assert await database.pool.fetchval("select count(*) from numbers") == 0
    assert await database.pool.fetchval("select count(*) from inventory_items") == 0


async def test_port_is_not_begun_for_an_account_that_is_being_closed(database: PostgresDatabase) -> None:
    """NUM-3: else its numbers would be cut over to nobody."""
    account_id = await buyer(database)
    draft = PortDraft((WantedNumber(NUMBER, Targets()),), HOLDER)

    outcome = await during_closing(database, account_id, lambda: create_port(database, account_id, draft, NOW))

    assert isinstance(outcome, NotPermitted)
    assert await database.pool.fetchval("select count(*) from ports") == 0
