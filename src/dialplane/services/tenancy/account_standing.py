"""What an account's status means for the accounts below it, and the end of an account with everything that it has.

Suspending is taken back together with what it took along; closing is final. What the ledger and the records say stays.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dialplane.domain.charging.ledger import ReferenceType, TransactionType
from dialplane.domain.errors import Conflict, Invalid
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.history import Actor
from dialplane.domain.numbering.numbers import NumberStatus
from dialplane.domain.numbering.orders import OrderStatus
from dialplane.domain.supply.inventory import ItemState, ReservationStatus
from dialplane.domain.tenancy.accounts import Account, AccountStatus
from dialplane.services.charging.ledger import credit, release_many
from dialplane.services.numbering.number_life import give_up
from dialplane.services.numbering.orders import end_order
from dialplane.services.tenancy.account_end import end_what_goes_on
from dialplane.services.transaction import Transaction


async def set_standing(tx: Transaction, account: Account, status: AccountStatus, by: Actor, now: datetime) -> Account:
    """Give the locked account a status; those below rest while it may not act, and come back with it.

    Raises Invalid (ACCOUNT_CLOSED) for an account that is closed; Conflict where an account above is suspended, or,
    for closing, as `_close` does.
    """
    if account.status is AccountStatus.DELETED:
        raise Invalid("The account is closed", reason="ACCOUNT_CLOSED", field="status")
    if status is AccountStatus.DELETED:
        return await _close(tx, account, by, now)
    if status.may_use and account.suspended_by is not None:
        raise Conflict("An account above is suspended", reason="STATE_INVALID", field="status")
    changed = replace(account, status=status, suspended_by=None, updated_at=now)
    await tx.accounts.update(changed)
    below = await tx.account_tree.lock_below(account.id)
    for each in _resumed(account, below) if status.may_use else _suspended(account, below):
        await tx.accounts.update(replace(each, updated_at=now))
    return changed


def _suspended(account: Account, below: Sequence[Account]) -> list[Account]:
    """Those that rest with `account` from now on: the active ones, and those that rested with the one above it."""
    return [
        replace(each, status=AccountStatus.SUSPENDED, suspended_by=account.id)
        for each in below
        if each.status.may_use or (each.suspended_by is not None and each.suspended_by == account.suspended_by)
    ]


def _resumed(account: Account, below: Sequence[Account]) -> list[Account]:
    """Who was suspended on its own stays so."""
    return [
        replace(each, status=AccountStatus.ACTIVE, suspended_by=None)
        for each in below
        if each.suspended_by == account.id
    ]


# --- the end ---------------------------------------------------------------------------------------------------------


async def _close(tx: Transaction, account: Account, by: Actor, now: datetime) -> Account:
    """Close the locked account and all below it: its calls end, numbers rest in quarantine, keys, people, phones,
    trunks, flows, applications, conferences and queues are gone, what was set aside is free again and goes up the tree.

    Raises Conflict where a number is protected (NUMBER_PROTECTED), a carrier has an order that it has not answered
    (ORDER_OPEN), or numbers are on their way from another carrier (PORT_OPEN): none of them is given up unasked.
    """
    below = await tx.account_tree.lock_below(account.id)
    living = [each for each in below if each.status is not AccountStatus.DELETED]
    ids = [account.id, *(each.id for each in living)]
    if await tx.account_tree.has_open_ports(ids):
        raise Conflict("Numbers of the account are being ported; cancel their orders first", reason="PORT_OPEN")
    await _give_up_numbers(tx, ids, by, now)
    await _end_orders(tx, ids, now)
    await _end_reservations(tx, ids, now)
    await end_what_goes_on(tx, ids, now)
    await tx.account_tree.end_belongings(ids, now)
    # All purses at once, in the one order that everybody locks them in; the parent's gets what is left.
    await tx.ledger.lock_purses({*ids, account.parent_id or account.id})
    holds = await tx.account_tree.open_holds_of(ids)
    if holds:
        await release_many(tx, holds, now)
    for each in reversed([account, *living]):  # the lowest first, so that money goes all the way up
        await _give_credit_up(tx, each, now)
        await tx.accounts.update(_closed(each, now))
    return _closed(account, now)


def _closed(account: Account, now: datetime) -> Account:
    return replace(account, status=AccountStatus.DELETED, suspended_by=None, updated_at=now, deleted_at=now)


async def _give_up_numbers(tx: Transaction, accounts: Sequence[AccountId], by: Actor, now: datetime) -> None:
    for owner, number_id in await tx.account_tree.numbers_of(accounts):
        number = await tx.numbers.find_locked(owner, number_id)
        if number is not None and number.status is not NumberStatus.RELEASED:  # it may have left meanwhile
            await give_up(tx, number, by, now)


async def _end_orders(tx: Transaction, accounts: Sequence[AccountId], now: datetime) -> None:
    for order_id in await tx.account_tree.open_orders_of(accounts):
        order = await tx.orders.lock(order_id)
        if order is None or order.status.is_over:
            continue
        if order.status is not OrderStatus.PENDING:
            raise Conflict(f"The carrier has not answered the order of {order.number} yet", reason="ORDER_OPEN")
        await end_order(tx, order, OrderStatus.CANCELLED, "the account was closed", now)


async def _end_reservations(tx: Transaction, accounts: Sequence[AccountId], now: datetime) -> None:
    for item_id in await tx.account_tree.reserved_items_of(accounts):
        item = await tx.inventory.lock(item_id)
        if item is None or item.state is not ItemState.HELD or item.account_id not in accounts:
            continue  # its time was over meanwhile, and it may be somebody else's now
        await tx.inventory.end_reservation(item_id, ReservationStatus.RELEASED, now)
        await tx.inventory.set_state(item_id, ItemState.OFFERED, account_id=None, until=None, now=now)


async def _give_credit_up(tx: Transaction, account: Account, now: datetime) -> None:
    purse = (await tx.ledger.lock_purses([account.id]))[account.id]
    if account.parent_id is not None and purse.free_credit > 0:
        key = f"closing:{account.id}"
        await shift_credit(tx, account.id, account.parent_id, Micros(purse.free_credit), key=key, now=now)


async def shift_credit(
    tx: Transaction, giver: AccountId, taker: AccountId, amount: Micros, *, key: str, now: datetime
) -> None:
    """Move credit between two accounts: two entries that belong together, each of which balances.

    Raises InsufficientBalance where the giver has less that is free. The same key again moves nothing.
    """
    await tx.ledger.lock_purses([giver, taker])  # in the order of ids, whoever gives
    for account_id, other, signed, side in ((giver, taker, -amount, "out"), (taker, giver, amount, "in")):
        await credit(
            tx,
            account_id,
            Micros(signed),
            "moved to an account of the tree" if side == "out" else "moved from an account of the tree",
            key=f"{key}:{side}",
            now=now,
            transaction_type=TransactionType.ADJUSTMENT,
            reference_type=ReferenceType.CREDIT_ADJUSTMENT,
            reference_id=other,
        )
