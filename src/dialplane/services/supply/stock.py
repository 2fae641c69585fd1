"""Carriers and what they have on the shelf, for the operator: counted, listed, read from end to end."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from dialplane.domain.supply.inventory import Item, ItemState, StockQuery
from dialplane.services.supply.carriers import Carriers
from dialplane.services.transaction import Database

COUNTED = 50_000
"""Items that are counted one by one, in some ten milliseconds; of more, whoever looks wants a measure."""

PART = 1000
"""Items that are read at a stretch: some ten milliseconds."""


@dataclass(frozen=True, slots=True)
class CarrierStock:
    """One carrier that is set up, and how many numbers of it are in each state."""

    name: str
    is_local: bool
    stock: Mapping[ItemState, int]
    is_estimated: bool
    """Whether there are too many to be counted."""


async def list_carriers(database: Database, carriers: Carriers) -> list[CarrierStock]:
    """By name."""
    async with database.reading() as tx:
        counted = await tx.inventory.count_by_carrier(exactly_up_to=COUNTED)
    return [
        CarrierStock(
            name, carriers.carrier(name).is_local, counted.by_carrier.get(name, {}), is_estimated=counted.is_estimated
        )
        for name in await carriers.names()
    ]


async def list_stock(database: Database, query: StockQuery, *, after: str = "", limit: int = 100) -> list[Item]:
    """Items in the order of their numbers, after the number `after`. Raises Invalid naming the field."""
    query.check()
    async with database.browsing() as tx:
        return await tx.inventory.list_stock(query, after=after, limit=limit)


async def walk_stock(database: Database, query: StockQuery) -> AsyncIterator[list[Item]]:
    """All that fits, a part at a time, so that no more than one is ever held. Each part is as the stock is when it is
    read. The query must have been checked."""
    after = ""
    while items := await list_stock(database, query, after=after, limit=PART):
        yield items
        after = items[-1].number
