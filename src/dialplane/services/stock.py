"""Carriers and what they have on the shelf, for the operator."""

from collections.abc import Mapping
from dataclasses import dataclass

from dialplane.domain.inventory import ItemState
from dialplane.services.carriers import Carriers
from dialplane.services.transaction import Database


@dataclass(frozen=True, slots=True)
class CarrierStock:
    """One carrier that is set up, and how many numbers of it are in each state."""

    name: str
    is_local: bool
    stock: Mapping[ItemState, int]


async def list_carriers(database: Database, carriers: Carriers) -> list[CarrierStock]:
    """By name. The whole inventory is counted: this is for a person who looks, not for a path that hurries."""
    async with database.reading() as tx:
        counted = await tx.inventory.count_by_carrier()
    return [CarrierStock(name, carriers.carrier(name).is_local, counted.get(name, {})) for name in carriers.names()]
