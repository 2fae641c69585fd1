"""What the tests about money and numbers share: an account with credit, stock, carriers, and the ledger's check."""

from datetime import UTC, datetime, timedelta

from dialplane.adapters.carriers.owned import OwnedCarrier
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.carriers.sandbox import SandboxCarrier
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.orders import NumberOrder, Order
from dialplane.domain.supply.inventory import OWNED, NewItem
from dialplane.services.charging.billing import check_ledger, get_balance
from dialplane.services.charging.ledger import credit
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.supply.carriers import Carriers
from dialplane.services.supply.inventory import import_items
from tests.fakes.accounts import add_account

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
PRICE = Micros(1_500_000)
"""Of every item of `stock`: 0.50 to set up and 1.00 a month."""


def carriers(database: PostgresDatabase) -> CarrierRegistry:
    return CarrierRegistry({"owned": OwnedCarrier(), "sandbox": SandboxCarrier(database, late=timedelta(0))})


async def buyer(database: PostgresDatabase, micros: int = 100_000_000, **facts: str) -> AccountId:
    """An account with this much credit."""
    account_id = await add_account(database, **facts)
    if micros:
        async with database.transaction() as tx:
            await credit(tx, account_id, Micros(micros), "test", key=f"test:{account_id}", now=NOW)
    return account_id


def item(number: str, **facts: object) -> NewItem:
    given: dict[str, object] = {
        "kind": NumberKind.LOCAL,
        "country": "US",
        "setup_micros": Micros(500_000),
        "monthly_micros": Micros(1_000_000),
    }
    return NewItem(number, **(given | facts))  # type: ignore[arg-type]  # the facts are NewItem's own


async def stock(database: PostgresDatabase, *numbers: str, carrier: str = OWNED, **facts: object) -> None:
    await import_items(database, [item(number, **facts) for number in numbers], NOW, carrier=carrier)


async def buy(
    database: PostgresDatabase, account_id: AccountId, number: str, *, at: Carriers | None = None, key: str = ""
) -> Number | Order:
    wanted = NumberOrder(number, idempotency_key=key)
    return await buy_number(database, at or carriers(database), account_id, wanted, NOW)


async def bought(database: PostgresDatabase, account_id: AccountId, number: str) -> Number:
    """Buy, where nothing but the number will do."""
    got = await buy(database, account_id, number)
    assert isinstance(got, Number)
    return got


async def credit_of(database: PostgresDatabase, account_id: AccountId) -> tuple[int, int]:
    """`(credit, held)` in micros."""
    purse = (await get_balance(database, account_id)).purse
    return purse.credit, purse.credit_held


async def assert_balanced(database: PostgresDatabase, *, holds_open: int = 0) -> None:
    totals = await check_ledger(database)
    assert totals.balanced
    assert totals.holds_open == holds_open
