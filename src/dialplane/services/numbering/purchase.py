"""Buying a number: a saga whose every step can be repeated (DESIGN section 5, "Numbers").

1. One transaction holds the item, sets the money aside and writes the order.
2. The carrier is asked, outside any transaction; the order's id is the reference, so asking twice orders once.
3. The carrier's inventory confirms it.
4. One transaction writes the number, settles the money and tells the world; or gives item and money back.

Whatever ends between two steps is found and finished by `services.numbering.reconcile`. Stock of the operator's
own needs nobody outside: item, money, order and number are then one transaction.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import AlreadyExists, Conflict, Invalid, NotFound, NotPermitted, Unavailable
from dialplane.domain.ids import AccountId, NumberId, OrderId, new_id
from dialplane.domain.labels import check_tags, merge_metadata
from dialplane.domain.numbering.history import the_account
from dialplane.domain.numbering.numbers import (
    QUARANTINE,
    VIRTUAL_PREFIX,
    Number,
    NumberKind,
    NumberStatus,
    check_virtual,
)
from dialplane.domain.numbering.orders import NumberOrder, Order, OrderStatus, next_check
from dialplane.domain.numbering.sip_numbers import SIP_KINDS
from dialplane.domain.supply.inventory import Item, ItemQuery, ItemState, ReservationStatus
from dialplane.domain.tenancy.accounts import IdentityStatus
from dialplane.services.charging.ledger import place_hold, settle_hold
from dialplane.services.eventing.events import publish
from dialplane.services.idempotency import key_reused
from dialplane.services.numbering.history import record
from dialplane.services.numbering.joint_purchases import Wish, begin_together
from dialplane.services.numbering.numbers import check_targets
from dialplane.services.numbering.orders import Buyer, end_order, order_event
from dialplane.services.numbering.sales import (
    charge_of,
    created_event,
    new_number,
    new_order,
    price_of,
    sell,
    write_sales,
)
from dialplane.services.numbering.sip_numbers import create_sip_number, number_of_same_key
from dialplane.services.supply.carrier_search import with_carriers
from dialplane.services.supply.carriers import (
    Answer,
    Carrier,
    CarrierFailed,
    Carriers,
    CarrierTimeout,
    Ordered,
    Pending,
    Refused,
)
from dialplane.services.tenancy.plans import check_plan
from dialplane.services.transaction import Database, Transaction

CARRIER_TIMEOUT_S = 10.0
"""A buyer waits this long for the carrier; then the order goes on without him."""


async def buy_number(
    database: Database, carriers: Carriers, account_id: AccountId, wanted: NumberOrder, now: datetime
) -> Number | Order:
    """The number; or the order, where the carrier has not said yes or no (or documents are missing).

    Raises NotPermitted (IDENTITY_VERIFICATION_REQUIRED), InsufficientBalance, NotFound (nobody offers it), Unavailable
    (a carrier that may offer it does not answer),
    AlreadyExists (taken), LimitExceeded (virtual numbers of the plan), Conflict with the carrier's reason, Mismatch
    (the key bought another number). Buying again with the same idempotency key, or while an order of the account for
    the number is open, goes on with that.
    """
    wanted = replace(wanted, metadata=merge_metadata({}, wanted.metadata))
    check_tags(wanted.tags)
    if wanted.kind is NumberKind.VIRTUAL or (wanted.kind is None and wanted.number.startswith(VIRTUAL_PREFIX)):
        return await _take_virtual(database, account_id, wanted, now)
    if wanted.kind in SIP_KINDS:
        return await create_sip_number(database, account_id, wanted, now)

    async def begin() -> Number | Order:
        begun = await begin_together(database, Wish(account_id, query.number, wanted, carriers, now))
        if begun is not None:
            return begun
        async with database.transaction() as tx:
            return await _begin(tx, carriers, account_id, wanted, now)

    query = wanted.query or ItemQuery(number=normalize_tel(wanted.number, field="number"))
    begun = await with_carriers(database, carriers, query, now, begin)
    if isinstance(begun, Number):
        return begun
    if begun.status is OrderStatus.RECEIVED:
        begun = await go_on(database, carriers, begun, now)
    return await _outcome(database, begun)


async def _outcome(database: Database, order: Order) -> Number | Order:
    if order.status in (OrderStatus.FAILED, OrderStatus.CANCELLED):
        raise Conflict(f"The carrier refused {order.number}: {order.reason}", reason="CARRIER_REFUSED", field="number")
    if order.number_id is None:
        return order
    async with database.reading() as tx:
        number = await tx.numbers.find(order.account_id, order.number_id)
    assert number is not None  # numbers are never deleted
    return number


# --- the first step --------------------------------------------------------------------------------------------------


async def _begin(
    tx: Transaction, carriers: Carriers, account_id: AccountId, wanted: NumberOrder, now: datetime
) -> Number | Order:
    """The order, begun or found; or the number, where one transaction was enough."""
    if wanted.idempotency_key:
        earlier = await tx.orders.find_by_key(account_id, wanted.idempotency_key)
        if earlier is not None:
            return _of_same_key(earlier, wanted)
    buyer, item = await _look(tx, account_id, wanted, now)
    await check_targets(tx, account_id, wanted.targets, wanted.settings)
    if not item.may_be_ordered_by(account_id, now):
        return await _open_order(tx, account_id, item)
    carrier = _carrier(carriers, item.carrier)
    order = new_order(account_id, item, wanted, now)
    if item.state is ItemState.HELD:
        await tx.inventory.end_reservation(item.id, _end_of_reservation(item, account_id), now)
    if carrier.is_local and order.status is OrderStatus.RECEIVED:
        return await _sell(tx, buyer, item, order, now)
    await place_hold(tx, account_id, price_of(order), key=order.hold_key, expires_at=None, now=now)
    async with tx.together() as batch:
        await batch.inventory.set_state(item.id, ItemState.HELD, account_id=account_id, until=None, now=now)
        await batch.orders.add(order)
        if order.status is OrderStatus.PENDING:
            await publish(batch, order_event(order, now))
    return order


def _of_same_key(earlier: Order, wanted: NumberOrder) -> Order:
    """Answers are kept a day, and orders for ever: a key that comes later with another number finds no other's order.

    Raises Mismatch.
    """
    if wanted.query is None and earlier.number != normalize_tel(wanted.number, field="number"):
        raise key_reused()
    return earlier


async def _look(tx: Transaction, account_id: AccountId, wanted: NumberOrder, now: datetime) -> tuple[Buyer, Item]:
    """The buyer, who may buy, and the item, locked."""
    sale = None
    if wanted.query is None:
        sale = await tx.orders.open_sale(account_id, normalize_tel(wanted.number, field="number"))
    buyer = sale[0] if sale else await _buyer(tx, account_id)
    if not buyer.status.may_use:
        raise NotPermitted(f"The account is {buyer.status}", reason="ACCOUNT_FROZEN")
    if buyer.identity_status is not IdentityStatus.VERIFIED:
        raise NotPermitted(
            "The identity must be verified before numbers can be bought", reason="IDENTITY_VERIFICATION_REQUIRED"
        )
    item = sale[1] if sale else await _choose(tx, wanted, now)
    if wanted.kind is not None and wanted.kind is not item.kind:
        raise Invalid(f"{item.number} is a {item.kind} number", reason="INVALID_ARGUMENT", field="type")
    return buyer, item


async def _buyer(tx: Transaction, account_id: AccountId) -> Buyer:
    account = await tx.accounts.hold(account_id)
    if account is None:
        raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
    return Buyer(account.id, account.organization_id, account.status, account.identity_status)


async def _choose(tx: Transaction, wanted: NumberOrder, now: datetime) -> Item:
    """The item, locked."""
    if wanted.query is not None:
        wanted.query.check()
        item = await tx.inventory.lock_any(wanted.query, now)
    else:
        item = await tx.inventory.lock_by_number(normalize_tel(wanted.number, field="number"))
    if item is None:
        raise NotFound("No carrier offers such a number", reason="NUMBER_NOT_FOUND", field="number")
    return item


async def _open_order(tx: Transaction, account_id: AccountId, item: Item) -> Order:
    """The account's own order for the item, so that a second try does not order twice."""
    order = await tx.orders.find_open(item.id) if item.account_id == account_id else None
    if order is None:
        raise AlreadyExists(f"{item.number} is taken", reason="ALREADY_EXISTS", field="number")
    return order


def _end_of_reservation(item: Item, account_id: AccountId) -> ReservationStatus:
    return ReservationStatus.USED if item.account_id == account_id else ReservationStatus.EXPIRED


def _carrier(carriers: Carriers, name: str) -> Carrier:
    try:
        return carriers.carrier(name)
    except KeyError:
        raise Unavailable(f"The carrier {name} is not set up") from None


# --- at the carrier --------------------------------------------------------------------------------------------------


async def go_on(database: Database, carriers: Carriers, order: Order, now: datetime) -> Order:
    """Ask the carrier and write down what it says. Safe at any time, from any process, any number of times."""
    answer: Answer | None = None
    try:
        async with asyncio.timeout(CARRIER_TIMEOUT_S):
            answer = await _ask(_carrier(carriers, order.carrier), order)
    except (CarrierTimeout, TimeoutError, Unavailable):
        pass  # whether it did anything is not known: the order waits
    except CarrierFailed as fault:
        # Nothing was done by this call; what an earlier one did is not known.
        answer = Pending(str(fault)) if order.attempts else Refused(str(fault))
    return await conclude(database, order.id, answer, now)


async def _ask(carrier: Carrier, order: Order) -> Answer | None:
    """What the carrier says of the order, given to it if it has not heard of it; None where it is not sure yet."""
    answer = None
    if order.attempts:
        answer = await carrier.find_order(order.reference)
    if answer is None:
        answer = await carrier.order(order.number, order.reference)
    if isinstance(answer, Ordered) and not await carrier.owns(order.number):
        return None  # its inventory lags behind its answers
    return answer


async def conclude(database: Database, order_id: OrderId, answer: Answer | None, now: datetime) -> Order:
    """The last step: number and charge, or item and money back, or wait; nothing where it is over already."""
    async with database.transaction() as tx:
        order = await tx.orders.lock(order_id)
        assert order is not None  # orders are never deleted
        if order.status.is_over:
            return order
        if isinstance(answer, Ordered):
            return await _confirm(tx, order, now)
        if isinstance(answer, Refused):
            return await end_order(tx, order, OrderStatus.FAILED, answer.reason, now)
        waiting = replace(
            order,
            status=OrderStatus.SUBMITTED,
            reason=answer.detail[:1024] if isinstance(answer, Pending) else order.reason,
            attempts=order.attempts + 1,
            check_at=next_check(order.attempts, now),
            updated_at=now,
        )
        await tx.orders.save(waiting)
        if order.status is not OrderStatus.SUBMITTED:
            await publish(tx, order_event(waiting, now))
        return waiting


# --- the last step ---------------------------------------------------------------------------------------------------


async def _confirm(tx: Transaction, order: Order, now: datetime) -> Order:
    sale = await tx.orders.open_sale(order.account_id, order.number)
    assert sale is not None  # neither items nor accounts are deleted, and the hold has made the purse
    buyer, item = sale
    number = new_number(buyer, item, order, now)
    confirmed = replace(
        order, status=OrderStatus.CONFIRMED, reason="", number_id=number.id, check_at=None, updated_at=now, ended_at=now
    )
    await settle_hold(tx, order.hold_key, charge_of(order, number.id, now), now)
    async with tx.together() as batch:
        await batch.numbers.add(number)
        await batch.inventory.set_state(item.id, ItemState.ASSIGNED, account_id=order.account_id, until=None, now=now)
        await batch.orders.save(confirmed)
        await record(batch, None, number, "created", order.request.by or the_account(order.account_id), now)
        # Of an order that its own request brings to the end the number tells enough.
        told = [] if order.status is OrderStatus.RECEIVED else [order_event(confirmed, now)]
        await publish(batch, created_event(number, now), *told)
    return confirmed


async def _sell(tx: Transaction, buyer: Buyer, item: Item, order: Order, now: datetime) -> Number:
    """The whole purchase of the operator's own stock."""
    purse = buyer.purse or (await tx.ledger.lock_purses([buyer.account_id]))[buyer.account_id]
    sale = sell(buyer, item, order, purse, now)
    async with tx.together() as batch:
        await write_sales(batch, [sale], now)
        await batch.ledger.save_purses([sale.bill.purse])
    return sale.number


async def _take_virtual(database: Database, account_id: AccountId, wanted: NumberOrder, now: datetime) -> Number:
    """Virtual numbers come from nobody and cost nothing; the plan says how many.

    Raises NotPermitted where the account is not active.
    """
    check_virtual(wanted.number)
    async with database.transaction() as tx:
        account = await tx.accounts.hold(account_id, alone=True)  # others of the account that count wait here
        if account is None:
            raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
        if wanted.idempotency_key:
            earlier = await tx.numbers.find_by_key(account_id, wanted.idempotency_key)
            if earlier is not None:
                return number_of_same_key(earlier, wanted)
        if not account.status.may_use:
            raise NotPermitted(f"The account is {account.status}", reason="ACCOUNT_FROZEN")
        await check_plan(tx, account.plan, "virtual_numbers", existing=await tx.numbers.count_virtual(account_id))
        await check_targets(tx, account_id, wanted.targets, wanted.settings)
        if await tx.numbers.taken([wanted.number], since=now - QUARANTINE):
            raise AlreadyExists(f"{wanted.number} is taken", reason="ALREADY_EXISTS", field="number")
        number = Number(
            id=NumberId(new_id(now)),
            account_id=account_id,
            organization_id=account.organization_id,
            number=wanted.number,
            kind=NumberKind.VIRTUAL,
            status=NumberStatus.ACTIVE,
            created_at=now,
            targets=wanted.targets,
            name=wanted.name,
            detail=wanted.detail,
            tags=wanted.tags,
            metadata=wanted.metadata,
            settings=wanted.settings,
            country="899",
            capabilities=("voice",),
            idempotency_key=wanted.idempotency_key,
        )
        async with tx.together() as batch:
            await batch.numbers.add(number)
            await record(batch, None, number, "created", wanted.by or the_account(account_id), now)
            await publish(batch, created_event(number, now))
    return number
