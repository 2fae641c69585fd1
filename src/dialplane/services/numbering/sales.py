"""What a sale makes of a buyer, an item and a wish: the order, the number, the charge; and how sales are written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dialplane.domain.charging.ledger import Charge, Purse, ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, NumberId, OrderId, new_id
from dialplane.domain.money import Micros
from dialplane.domain.numbering.history import the_account
from dialplane.domain.numbering.numbers import Number, NumberStatus, a_month_after
from dialplane.domain.numbering.orders import IN_HAND, NumberOrder, Order, OrderDocument, OrderStatus
from dialplane.domain.numbering.renewal import first_due
from dialplane.domain.supply.inventory import Item, ItemState
from dialplane.services.charging.ledger import Bill, draw_up
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.history import record_new
from dialplane.services.numbering.orders import Buyer
from dialplane.services.shapes.numbers import show_number
from dialplane.services.transaction import Transaction


def new_order(account_id: AccountId, item: Item, wanted: NumberOrder, now: datetime) -> Order:
    waits = bool(item.documents_required)
    return Order(
        id=OrderId(new_id(now)),
        account_id=account_id,
        item_id=item.id,
        number=item.number,
        carrier=item.carrier,
        status=OrderStatus.PENDING if waits else OrderStatus.RECEIVED,
        request=wanted,
        setup_micros=item.setup_micros,
        monthly_micros=item.monthly_micros,
        documents=tuple(OrderDocument(kind) for kind in item.documents_required),
        check_at=None if waits else now + IN_HAND,
        created_at=now,
        updated_at=now,
    )


def price_of(order: Order) -> Micros:
    return Micros(order.setup_micros + order.monthly_micros)


def charge_of(order: Order, number_id: NumberId, now: datetime) -> Charge:
    """Set-up and the first month in one entry, at the price of the day of the order (LED-9)."""
    return Charge(
        key=order.charge_key,
        rate=Rate(CostType.NUMBER, price_of(order)),
        units=1,
        reference_type=ReferenceType.NUMBER,
        reference_id=number_id,
        started_at=order.created_at,
        ended_at=now,
        detail=order.number,
    )


def new_number(buyer: Buyer, item: Item, order: Order, now: datetime) -> Number:
    due = first_due(order.monthly_micros, a_month_after(now, day=now.day))
    wanted = order.request
    return Number(
        id=NumberId(order.id),  # so that the buyer knows it while the order is still under way
        account_id=buyer.account_id,
        organization_id=buyer.organization_id,
        number=item.number,
        kind=item.kind,
        status=NumberStatus.ACTIVE,
        created_at=now,
        targets=wanted.targets,
        name=wanted.name,
        detail=wanted.detail,
        tags=wanted.tags,
        metadata=wanted.metadata,
        settings=wanted.settings,
        country=item.country,
        capabilities=item.capabilities,
        item_id=item.id,
        carrier=item.carrier,
        monthly_micros=order.monthly_micros,
        purchased_at=now,
        renews_at=due.renews_at,
        look_at=due.look_at,
    )


def created_event(number: Number, now: datetime) -> Event:
    return Event(number.account_id, "number_created", number.id, show_number(number), now)


@dataclass(frozen=True, slots=True)
class Sale:
    """A whole purchase of the operator's own stock, worked out on locked rows; it waits to be written."""

    number: Number
    order: Order
    bill: Bill


def sell(buyer: Buyer, item: Item, order: Order, purse: Purse, now: datetime) -> Sale:
    """Raises InsufficientBalance."""
    number = new_number(buyer, item, order, now)
    bill = draw_up(purse, charge_of(order, number.id, now), now)
    sold = replace(order, status=OrderStatus.CONFIRMED, number_id=number.id, check_at=None, ended_at=now)
    return Sale(number, sold, bill)


async def write_sales(batch: Transaction, sales: Sequence[Sale], now: datetime) -> None:
    """Write what the sales made, on a `together`; the purses are the caller's. Any number costs the same few
    statements."""
    numbers = [sale.number for sale in sales]
    await batch.ledger.append([sale.bill.entry for sale in sales])
    await batch.numbers.add_many(numbers)
    await batch.inventory.set_states(
        [(sale.order.item_id, ItemState.ASSIGNED, sale.number.account_id) for sale in sales], now
    )
    await batch.orders.add_many([sale.order for sale in sales])
    makers = [sale.order.request.by or the_account(sale.number.account_id) for sale in sales]
    await record_new(batch, list(zip(numbers, makers, strict=True)), "created")
    await publish(batch, *(created_event(number, number.created_at) for number in numbers))
