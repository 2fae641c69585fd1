"""Orders as a resource: read by their owner, and called off while nobody has passed them on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.charging.ledger import Purse
from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, DocumentId, ItemId, OrderId, OrganizationId
from dialplane.domain.numbering.orders import Order, OrderStatus
from dialplane.domain.supply.inventory import Item, ItemState
from dialplane.domain.tenancy.accounts import AccountStatus, IdentityStatus
from dialplane.services.charging.ledger import release_hold
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.orders import show_order
from dialplane.services.transaction import Database, Transaction


@dataclass(frozen=True, slots=True)
class Buyer:
    """What a purchase asks about the account. `purse` is there where it was locked with the item."""

    account_id: AccountId
    organization_id: OrganizationId
    status: AccountStatus
    identity_status: IdentityStatus
    purse: Purse | None = None


class OrderStore(Protocol):
    """Port."""

    async def open_sale(self, account_id: AccountId, number: str) -> tuple[Buyer, Item] | None:
        """The buyer and the item, with item and purse locked in this order: one round trip for what most purchases
        need. None where one of them does not exist."""
        ...

    async def open_sales(self, wanted: Sequence[tuple[AccountId, str, str]]) -> list[tuple[int, Buyer, Item]]:
        """The same for many buyers, each with a number and the key of his request: the place among those asked, in any
        order, buyer and item. Left out is also what somebody else has locked, and what the key has ordered before."""
        ...

    async def add(self, order: Order) -> None: ...

    async def add_many(self, orders: Sequence[Order]) -> None: ...

    async def save(self, order: Order) -> None:
        """Write what may change: status, reason, documents, number, times."""
        ...

    async def find(self, account_id: AccountId, order_id: OrderId) -> Order | None: ...

    async def find_by_key(self, account_id: AccountId, idempotency_key: str) -> Order | None: ...

    async def find_open(self, item_id: ItemId) -> Order | None: ...

    async def lock(self, order_id: OrderId) -> Order | None:
        """The order, locked until the transaction ends."""
        ...

    async def list_for(
        self, account_id: AccountId, *, status: OrderStatus | None, before: datetime | None, limit: int
    ) -> list[Order]:
        """Newest first; made before `before`."""
        ...

    async def list_open_everywhere(self, *, before: datetime | None, limit: int) -> list[Order]:
        """Every account's that are not over, newest first; made before `before`."""
        ...

    async def list_open(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Order]:
        """Those that are not over, newest first; made before `before`."""
        ...

    async def list_ended(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Order]: ...

    async def waiting_on(self, account_id: AccountId, document_id: DocumentId) -> list[Order]:
        """The account's pending orders in which the document stands, locked, in the order of their ids."""
        ...

    async def take_due(self, now: datetime, *, limit: int) -> list[Order]:
        """Open orders whose `check_at` has come, locked; those that others have locked are left out."""
        ...


async def get_order(database: Database, account_id: AccountId, order_id: OrderId) -> Order:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return _given(await tx.orders.find(account_id, order_id))


async def list_orders(
    database: Database,
    account_id: AccountId,
    *,
    status: OrderStatus | None = None,
    before: datetime | None = None,
    limit: int = 100,
) -> list[Order]:
    """Newest first."""
    async with database.reading() as tx:
        return await tx.orders.list_for(account_id, status=status, before=before, limit=limit)


async def list_open_orders_everywhere(
    database: Database, *, before: datetime | None = None, limit: int = 100
) -> list[Order]:
    """The operator's view: every account's that are not over, newest first."""
    async with database.reading() as tx:
        return await tx.orders.list_open_everywhere(before=before, limit=limit)


async def list_open_orders(
    database: Database, account_id: AccountId, *, before: datetime | None = None, limit: int = 100
) -> list[Order]:
    """Those that wait for documents or for the carrier, newest first."""
    async with database.reading() as tx:
        return await tx.orders.list_open(account_id, before=before, limit=limit)


async def list_ended_orders(
    database: Database, account_id: AccountId, *, before: datetime | None = None, limit: int = 100
) -> list[Order]:
    """Those that became numbers, were refused or cancelled, newest first."""
    async with database.reading() as tx:
        return await tx.orders.list_ended(account_id, before=before, limit=limit)


async def cancel_order(database: Database, account_id: AccountId, order_id: OrderId, now: datetime) -> Order:
    """Call off an order that waits for documents; its money and its item are free again.

    Raises Conflict where the carrier may have it already: then only the carrier's answer ends it.
    """
    async with database.transaction() as tx:
        order = await lock_order(tx, account_id, order_id)
        if order.status is not OrderStatus.PENDING:
            raise Conflict(f"The order is {order.status}: it can no longer be cancelled", reason="STATE_INVALID")
        return await end_order(tx, order, OrderStatus.CANCELLED, "cancelled by the account", now)


async def end_order(tx: Transaction, order: Order, status: OrderStatus, reason: str, now: datetime) -> Order:
    """End a locked order without a number: money back, item on offer again."""
    ended = replace(order, status=status, reason=reason[:1024], check_at=None, updated_at=now, ended_at=now)
    await tx.inventory.set_state(order.item_id, ItemState.OFFERED, account_id=None, until=None, now=now)
    await release_hold(tx, order.hold_key, now)
    await tx.orders.save(ended)
    await publish(tx, order_event(ended, now))
    return ended


async def lock_order(tx: Transaction, account_id: AccountId, order_id: OrderId) -> Order:
    """Raises NotFound for another account's too."""
    _given(await tx.orders.find(account_id, order_id))
    return _given(await tx.orders.lock(order_id))


def order_event(order: Order, now: datetime) -> Event:
    """What is told when an order has come to its status: `order_pending`, `order_confirmed`, ..."""
    return Event(order.account_id, f"order_{order.status}", order.id, show_order(order), now)


def _given(order: Order | None) -> Order:
    if order is None:
        raise NotFound("There is no such order", reason="ORDER_NOT_FOUND")
    return order
