"""The operator's list of the stock: what the filters leave, in order, read from indexes whatever is filtered by."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.postgres.stock_listing import stock_sql
from dialplane.domain.ids import AccountId, ItemId, TrunkId, new_id
from dialplane.domain.money import ZERO, usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import OWNED, Item, ItemState, StockQuery
from dialplane.services.supply.stock import list_stock
from tests.services.buying import NOW, buyer

ACCOUNT, TRUNK = AccountId(UUID(int=1)), TrunkId(UUID(int=2))
PLACES = (("US", "CA", "San Francisco"), ("US", "CA", "Oakland"), ("US", "", ""), ("DE", "Berlin", "Berlin"))
STATES = (ItemState.OFFERED, ItemState.OFFERED, ItemState.ASSIGNED, ItemState.HELD, ItemState.QUARANTINED)
FILTERS: list[tuple[dict[str, object], str]] = [
    ({}, "inventory_offered_by_number"),
    ({"states": (ItemState.HELD,)}, "inventory_taken_by_class"),
    ({"states": (ItemState.OFFERED,), "kinds": (NumberKind.TOLL_FREE,)}, "inventory_offered_by_class"),
    ({"states": (ItemState.ASSIGNED,), "country": "DE"}, "inventory_taken_by_class"),
    ({"country": "US", "kinds": (NumberKind.LOCAL, NumberKind.MOBILE)}, "inventory_offered_by_class"),
    ({"locality": "SAN francisco"}, "inventory_taken_by_place"),
    ({"locality": "Berlin", "country": "US"}, "inventory_offered_by_place"),
    ({"region": "CA", "kinds": (NumberKind.LOCAL,)}, "inventory_offered_by_place"),
    ({"account_id": ACCOUNT}, "inventory_items_by_account"),
    ({"account_id": ACCOUNT, "states": (ItemState.OFFERED,)}, "inventory_items_by_account"),
    ({"account_id": ACCOUNT, "locality": "Oakland", "states": (ItemState.HELD, ItemState.ASSIGNED)}, "by_account"),
    ({"trunk_id": TRUNK, "country": "US"}, "inventory_items_by_trunk"),
    ({"carrier": "telnyx"}, "inventory_items_by_carrier"),
    ({"carrier": OWNED, "states": (ItemState.QUARANTINED,)}, "inventory_taken_by_class"),
    ({"starts_with": "141555500"}, "inventory_offered_by_number"),
    ({"starts_with": "9"}, "inventory_offered_by_number"),
]


def _query(given: dict[str, object], account_id: AccountId) -> StockQuery:
    query = StockQuery(**given)  # type: ignore[arg-type]  # a table of tests
    return replace(query, account_id=account_id) if query.account_id else query


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    """Of somebody who has, or waits for, some of the stock."""
    account_id = await buyer(database, 0)
    async with database.transaction() as tx:
        await tx.inventory.add_items(_stock(account_id))
        await tx.connection.execute("analyze inventory_items, item_classes, item_places")
    return account_id


async def test_list_holds_what_fits_in_the_order_of_numbers_page_by_page(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    items = _stock(account_id)

    for given, _ in FILTERS:
        query = _query(given, account_id)
        found: list[str] = []
        while page := await list_stock(database, query, after=found[-1] if found else "", limit=500):
            found += [item.number for item in page]

        assert found == sorted(item.number for item in items if _fits(query, item)), given


async def test_list_walks_no_index_of_all_numbers(database: PostgresDatabase, account_id: AccountId) -> None:
    """What fits few of millions of items is found without a look at the others."""
    for given, index in FILTERS:
        sql, arguments = stock_sql(_query(given, account_id), after="+", limit=26)
        async with database.transaction() as tx:
            await tx.connection.execute("set local enable_seqscan = off")  # which a stock this small would be read by
            rows = await tx.connection.fetch(f"explain (costs off) {sql}", *arguments)
        plan = "\n".join(row[0] for row in rows)
        assert index in plan, f"{given}\n{plan}"
        assert "Seq Scan on inventory_items" not in plan, f"{given}\n{plan}"


def _stock(account_id: AccountId) -> list[Item]:
    """Every combination of place, state, kind and carrier, at many prices and postal codes; what is not on offer is the
    account's, a third has a trunk."""
    each = product(range(40), PLACES, STATES, (NumberKind.LOCAL, NumberKind.TOLL_FREE), (OWNED, "telnyx"))
    return [
        Item(
            ItemId(new_id(NOW)), f"+1415555{n * 37 % 10_000:04}", carrier, kind, country, state, ZERO, usd(turn), NOW,
            region=region, locality=locality, postal_code=str(turn), capabilities=("voice",),
            account_id=None if state is ItemState.OFFERED else account_id,
            trunk_id=TRUNK if n % 3 == 0 else None,
        )
        for n, (turn, (country, region, locality), state, kind, carrier) in enumerate(each)
    ]  # fmt: skip


def _fits(query: StockQuery, item: Item) -> bool:
    same: Callable[[str], bool] = lambda name: not getattr(query, name) or getattr(query, name) == getattr(item, name)  # noqa: E731
    return (
        all(same(name) for name in ("country", "region", "carrier", "account_id", "trunk_id"))
        and query.locality.lower() in ("", item.locality.lower())
        and (not query.states or item.state in query.states)
        and (not query.kinds or item.kind in query.kinds)
        and item.number.startswith(f"+{query.starts_with}")
    )
