"""A number moves from one account to another of the same tree (Restcomm reference 2.8)."""

from dataclasses import replace
from datetime import datetime

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.history import Actor, the_account
from dialplane.domain.numbering.number_settings import without_application
from dialplane.domain.numbering.numbers import Number, NumberStatus
from dialplane.domain.numbering.targets import targets_elsewhere
from dialplane.domain.supply.inventory import ItemState
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.history import record
from dialplane.services.numbering.number_life import check_virtual_limit
from dialplane.services.shapes.common import show_id
from dialplane.services.shapes.numbers import show_number
from dialplane.services.transaction import Database, Transaction

_DEEPEST = 8
"""Trees have three levels; a chain that is longer than this is a fault in the data."""


async def transfer_number(
    database: Database,
    account_id: AccountId,
    number_id: NumberId,
    to: AccountId,
    now: datetime,
    *,
    by: Actor | None = None,
) -> Number:
    """Give the number to the account `to`, on the word of `account_id`, which stands at or above both.

    The number keeps id, name, tags, metadata, protection and standing. What belongs to the account that it leaves (its
    flows, applications and app users) is taken off; URLs that stood beside an application count again. The next
    renewal, and one that is unpaid, are the new holder's.

    Raises NotFound for the number (NUMBER_NOT_FOUND) or the account (ACCOUNT_NOT_FOUND, naming `customer_id`),
    Conflict where the account may not use numbers, LimitExceeded for a virtual number beyond its plan.
    """
    async with database.transaction() as tx:
        return await move_number(tx, account_id, number_id, to, now, by=by)


async def move_number(
    tx: Transaction,
    account_id: AccountId,
    number_id: NumberId,
    to: AccountId,
    now: datetime,
    *,
    by: Actor | None = None,
) -> Number:
    """The same as a part of a greater change; the number is locked afterwards."""
    taker = await _taker(tx, account_id, to)
    number = await _number(tx, account_id, number_id)
    if number.account_id == taker.id:
        return number
    await check_virtual_limit(tx, taker.id, number)
    moved = _moved(number, taker, now)
    async with tx.together() as batch:
        await batch.numbers.save(moved)
        if moved.item_id is not None:
            await batch.inventory.set_state(moved.item_id, ItemState.ASSIGNED, account_id=taker.id, until=None, now=now)
        await record(batch, number, moved, "transferred", by or the_account(account_id), now)
        await publish(batch, *_events(number, moved, now))
    return moved


async def _taker(tx: Transaction, account_id: AccountId, to: AccountId) -> Account:
    """Locked before the number: an account that is being closed locks itself and then its numbers."""
    taker = await tx.accounts.hold(to, alone=True)  # others that count its virtual numbers wait here
    if taker is None or taker.deleted_at is not None or not await _is_within(tx, taker, account_id):
        raise NotFound("There is no such account at or below yours", reason="ACCOUNT_NOT_FOUND", field="customer_id")
    if not taker.status.may_use:
        raise Conflict(f"The account is {taker.status}", reason="STATE_INVALID", field="customer_id")
    return taker


async def _number(tx: Transaction, account_id: AccountId, number_id: NumberId) -> Number:
    number = await tx.numbers.find_locked(None, number_id)
    if number is not None and number.status is not NumberStatus.RELEASED:
        holder = await tx.accounts.find(number.account_id)
        if holder is not None and await _is_within(tx, holder, account_id):
            return number
    raise NotFound("There is no such number", reason="NUMBER_NOT_FOUND")


async def _is_within(tx: Transaction, account: Account, top: AccountId) -> bool:
    """Whether `account` is `top` or stands below it."""
    here: Account | None = account
    for _ in range(_DEEPEST):
        if here is None or here.id == top:
            break
        here = None if here.parent_id is None else await tx.accounts.find(here.parent_id)
    return here is not None and here.id == top


def _moved(number: Number, taker: Account, now: datetime) -> Number:
    settings, targets = without_application(number.settings, number.targets)
    return replace(
        number,
        account_id=taker.id,
        organization_id=taker.organization_id,
        targets=targets_elsewhere(targets),
        settings=settings,
        handling=None,  # its lists, hours and address are the account's that it leaves
        idempotency_key="",  # it was the request's of the account that it leaves
        look_at=number.look_at if number.grace_until is None else now,
        updated_at=now,
    )


def _events(before: Number, after: Number, now: datetime) -> list[Event]:
    """Both accounts learn it."""
    parties = {"from_customer_id": show_id(before.account_id), "to_customer_id": show_id(after.account_id)}
    data = {**show_number(after), "transfer": parties}
    return [
        Event(account_id, "number_transferred", after.id, data, now)
        for account_id in (before.account_id, after.account_id)
    ]
