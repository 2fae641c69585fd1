"""Purchases that come together, by one transaction: looked at in one query and written in one statement, however many.

Only what is plain is done here: a number that is on offer, a buyer who may buy and can pay, rows that nobody else has
locked. Everything else is left to `purchase.buy_number`, which does it alone and knows the reasons. So nobody waits
here for another, and the fault of one is no matter of the others.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from weakref import WeakKeyDictionary, ref

import structlog

from dialplane.domain.charging.ledger import Hold, Purse
from dialplane.domain.errors import InsufficientBalance, Unavailable
from dialplane.domain.ids import AccountId, ItemId
from dialplane.domain.numbering.number_settings import NumberSettings
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.orders import NumberOrder, Order
from dialplane.domain.numbering.targets import Targets
from dialplane.domain.supply.inventory import Item, ItemState
from dialplane.domain.tenancy.accounts import IdentityStatus
from dialplane.services.charging.ledger import set_aside
from dialplane.services.combining import Combiner
from dialplane.services.numbering.orders import Buyer
from dialplane.services.numbering.sales import Sale, new_order, price_of, sell, write_sales
from dialplane.services.supply.carriers import Carriers
from dialplane.services.transaction import Database

MOST_TOGETHER = 50
"""Purchases of one transaction: it takes some 40 ms, in which the accounts' purses are locked."""

log = structlog.get_logger()

_NO_TARGETS, _NO_SETTINGS = Targets(), NumberSettings()


@dataclass(frozen=True, slots=True)
class Wish:
    """One buyer's."""

    account_id: AccountId
    number: str
    """In E.164."""
    wanted: NumberOrder
    carriers: Carriers
    now: datetime


Begun: TypeAlias = Number | Order | None
"""What the first step of a purchase came to; None: it has to be done alone."""

_COMBINERS: "WeakKeyDictionary[Database, Combiner[Wish, Begun]]" = WeakKeyDictionary()


async def begin_together(database: Database, wish: Wish) -> Begun:
    """The number, or its order that goes on at the carrier; None where the purchase is not plain, and nothing is done.

    Raises Unavailable.
    """
    wanted = wish.wanted
    if wanted.query is not None or wanted.targets != _NO_TARGETS or wanted.settings != _NO_SETTINGS:
        return None
    combiner = _COMBINERS.get(database)
    if combiner is None:
        combiner = _COMBINERS[database] = Combiner(_beginning(database), limit=MOST_TOGETHER)
    return await combiner.submit(wish)


def _beginning(database: Database) -> Callable[[Sequence[Wish]], Awaitable[Sequence[Begun]]]:
    """What the combiner does with a batch. It does not keep the store alive, which it is found by."""
    held = ref(database)

    async def carry(wishes: Sequence[Wish]) -> Sequence[Begun]:
        store = held()
        if store is None:
            raise Unavailable("The store is gone")
        try:
            return await begin_all(store, wishes)
        except Unavailable:
            raise
        except Exception:  # the edge of the batch: whose fault it is comes out when each is done alone
            log.warning("purchases_done_alone", count=len(wishes), exc_info=True)
            return [None] * len(wishes)

    return carry


async def begin_all(database: Database, wishes: Sequence[Wish]) -> list[Begun]:
    """What each came to, in order; all that is written is one transaction."""
    async with database.transaction() as tx:
        asked = [(wish.account_id, wish.number, wish.wanted.idempotency_key) for wish in wishes]
        counter = _Counter({place: (buyer, item) for place, buyer, item in await tx.orders.open_sales(asked)})
        begun = [counter.serve(place, wish) for place, wish in enumerate(wishes)]
        now = max(wish.now for wish in wishes)
        async with tx.together() as batch:
            if counter.purses:
                await batch.ledger.save_purses(counter.purses.values())
            if counter.orders:
                await batch.ledger.add_holds(counter.holds)
                await batch.orders.add_many(counter.orders)
                held = [(order.item_id, ItemState.HELD, order.account_id) for order in counter.orders]
                await batch.inventory.set_states(held, now)
            if counter.sales:
                await write_sales(batch, counter.sales, now)
    return begun


class _Counter:
    """Decides the wishes in order, each with the balance that those before it left, and keeps what is to be written."""

    def __init__(self, opened: Mapping[int, tuple[Buyer, Item]]) -> None:
        self._opened = opened
        self._served: set[ItemId | tuple[AccountId, str]] = set()
        """Items, and keys of requests, that are used up."""
        self.sales: list[Sale] = []
        self.orders: list[Order] = []
        """Those that go on at their carriers, each with its hold."""
        self.holds: list[Hold] = []
        self.purses: dict[AccountId, Purse] = {}
        """As they are left, of those who buy."""

    def serve(self, place: int, wish: Wish) -> Begun:
        buyer, item = self._opened.get(place, (None, None))
        if buyer is None or item is None or not self._is_plain(buyer, item, wish.wanted):
            return None
        order = new_order(wish.account_id, item, wish.wanted, wish.now)
        try:
            is_local = wish.carriers.carrier(item.carrier).is_local
            begun = self._sell(buyer, item, order) if is_local else self._hold(buyer, order)
        except (KeyError, InsufficientBalance):  # the carrier is not set up; it costs more than there is
            return None
        self._served |= {item.id, (wish.account_id, wish.wanted.idempotency_key)}
        return begun

    def _is_plain(self, buyer: Buyer, item: Item, wanted: NumberOrder) -> bool:
        key = (buyer.account_id, wanted.idempotency_key)
        return (
            buyer.status.may_use
            and buyer.identity_status is IdentityStatus.VERIFIED
            and item.state is ItemState.OFFERED
            and not item.documents_required
            and wanted.kind in (None, item.kind)
            and item.id not in self._served
            and not (wanted.idempotency_key and key in self._served)
        )

    def _sell(self, buyer: Buyer, item: Item, order: Order) -> Number:
        sale = sell(buyer, item, order, self._purse(buyer), order.created_at)
        self.purses[buyer.account_id] = sale.bill.purse
        self.sales.append(sale)
        return sale.number

    def _hold(self, buyer: Buyer, order: Order) -> Order:
        aside = set_aside(self._purse(buyer), price_of(order), key=order.hold_key, now=order.created_at)
        self.purses[buyer.account_id] = aside.purse
        self.holds.append(aside.hold)
        self.orders.append(order)
        return order

    def _purse(self, buyer: Buyer) -> Purse:
        left = self.purses.get(buyer.account_id, buyer.purse)
        assert left is not None  # it is locked with the item
        return left
