"""Ends what a crash, a time-out or the clock left open (NUM-3). Called by the worker every few seconds.

Several at once are safe: what one has locked, the others leave out; what one has claimed, nobody looks at for a while.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from dialplane.domain.numbering.orders import IN_HAND, Order
from dialplane.domain.supply.inventory import Item, ItemState
from dialplane.services.charging.ledger import release_expired_holds
from dialplane.services.numbering.purchase import go_on
from dialplane.services.supply.carriers import CarrierFailed, Carriers, CarrierTimeout
from dialplane.services.supply.inventory import expire_reservations
from dialplane.services.transaction import Database


async def reconcile_orders(database: Database, carriers: Carriers, now: datetime, *, limit: int = 8) -> list[Order]:
    """Ask the carriers about orders that are due, `limit` at once, and end those that can be; as they stand then."""
    async with database.transaction() as tx:
        due = await tx.orders.take_due(now, limit=limit)
        claimed = [replace(order, check_at=now + IN_HAND, attempts=max(order.attempts, 1)) for order in due]
        for order in claimed:
            await tx.orders.save(order)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(go_on(database, carriers, order, now)) for order in claimed]
    return [task.result() for task in asked]


async def reconcile_stock(database: Database, carriers: Carriers, now: datetime) -> int:
    """Put on offer again: reservations that ran out, and numbers that have rested for 30 days. How many they were.

    `now` is the billing clock.
    """
    expired = await expire_reservations(database, now)
    async with database.reading() as tx:
        rested = await tx.inventory.rested(now, limit=200)
    offered = [item for item in rested if await _offer_again(database, carriers, item, now)]
    return expired + len(offered)


async def _offer_again(database: Database, carriers: Carriers, item: Item, now: datetime) -> bool:
    """Give the number back at the carrier, then offer it. Repeatable; False where the carrier says nothing yet."""
    try:
        await carriers.carrier(item.carrier).release(item.number)
    except (CarrierTimeout, CarrierFailed):
        return False
    async with database.transaction() as tx:
        locked = await tx.inventory.lock(item.id)
        if locked is None or locked.state is not ItemState.QUARANTINED or locked.state_until != item.state_until:
            return False  # taken back, or done by another worker
        await tx.inventory.set_state(item.id, ItemState.OFFERED, account_id=None, until=None, now=now)
    return True


async def release_left_holds(database: Database, now: datetime) -> int:
    """Give back money whose holder died without a word. `now` is the wall clock, by which holds are placed."""
    async with database.transaction() as tx:
        return await release_expired_holds(tx, now)
