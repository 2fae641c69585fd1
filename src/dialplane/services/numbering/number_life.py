"""A number's end and the way back: released, taken back within its quarantine, suspended and reactivated."""

from dataclasses import replace
from datetime import datetime

from dialplane.domain.errors import AlreadyExists, Conflict
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.history import OPERATOR, Actor, the_account
from dialplane.domain.numbering.numbers import GRACE, QUARANTINE, Number, NumberKind, NumberStatus, SuspendedFor
from dialplane.domain.numbering.renewal import RenewalEvent, first_look
from dialplane.domain.supply.inventory import ItemState
from dialplane.services.numbering.numbers import number_not_found, require_live, save_number
from dialplane.services.tenancy.account_locks import hold_active_alone
from dialplane.services.tenancy.plans import check_plan
from dialplane.services.transaction import Database, Transaction


async def release_number(
    database: Database, account_id: AccountId, number_id: NumberId, now: datetime, *, by: Actor | None = None
) -> Number:
    """Calls stop with the commit; the number rests 30 days before anybody else may have it (NUM-4).

    Raises NotFound, or Conflict (NUMBER_PROTECTED) where the number is protected.
    """
    async with database.transaction() as tx:
        number = require_live(await tx.numbers.find_locked(account_id, number_id))
        return await give_up(tx, number, by or the_account(account_id), now)


async def give_up(tx: Transaction, number: Number, by: Actor, now: datetime) -> Number:
    """Release a locked, live number. Raises Conflict (NUMBER_PROTECTED)."""
    if number.protected:
        raise Conflict(
            f"{number.number} is protected against release: set `protected` to false first",
            reason="NUMBER_PROTECTED",
            field="protected",
        )
    # What it was suspended for stays: giving a number up and taking it back is no way out of a suspension.
    released = replace(number, status=NumberStatus.RELEASED, look_at=None, released_at=now, updated_at=now)
    if number.item_id is not None:
        await tx.inventory.set_state(
            number.item_id, ItemState.QUARANTINED, account_id=number.account_id, until=now + QUARANTINE, now=now
        )
    await save_number(tx, number, released, "released", by, now, events=("number_deleted",))
    return released


async def restore_number(
    database: Database, account_id: AccountId, number_id: NumberId, now: datetime, *, by: Actor | None = None
) -> Number:
    """Take a released number back within its quarantine: the same id, targets, name and tags, at no charge.

    Raises NotFound, Conflict where it was not released or its quarantine is over, LimitExceeded where the plan allows
    no further virtual number, NotPermitted where the account is not active.
    """
    async with database.transaction() as tx:
        await hold_active_alone(tx, account_id)
        number = await tx.numbers.find_locked(account_id, number_id)
        if number is None:
            raise number_not_found()
        return await take_back(tx, number, by or the_account(account_id), now)


async def take_back(tx: Transaction, number: Number, by: Actor, now: datetime) -> Number:
    """Restore a locked number of an account that is held alone. Raises as `restore_number` does, before any write."""
    account_id = number.account_id
    if number.released_at is None:
        raise Conflict(f"{number.number} was not released", reason="STATE_INVALID")
    if await tx.port_outs.has_left(number):
        raise Conflict(f"{number.number} is another carrier's now", reason="STATE_INVALID")
    item = await tx.inventory.lock(number.item_id) if number.item_id is not None else None
    resting = item is None or (item.state is ItemState.QUARANTINED and item.account_id == account_id)
    if now >= number.released_at + QUARANTINE or not resting:
        raise Conflict(f"{number.number} has rested for 30 days and is nobody's now", reason="STATE_INVALID")
    await _check_room(tx, number)
    suspended = number.suspended_for is not SuspendedFor.NOTHING
    restored = replace(
        number,
        status=NumberStatus.SUSPENDED if suspended else NumberStatus.ACTIVE,
        released_at=None,
        updated_at=now,
        look_at=None if number.renews_at is None else first_look(number.renews_at),
    )
    if item is not None:
        await tx.inventory.set_state(item.id, ItemState.ASSIGNED, account_id=account_id, until=None, now=now)
    await save_number(tx, number, restored, "restored", by, now, events=("number_created",))
    return restored


async def _check_room(tx: Transaction, number: Number) -> None:
    """Raises LimitExceeded as `check_virtual_limit` does, AlreadyExists where the organization took the text again:
    said here, because the store's own refusal ends the transaction."""
    await check_virtual_limit(tx, number.account_id, number)
    if number.kind.is_ordinary or number.kind is NumberKind.VIRTUAL:
        return
    if (await tx.patterns.find_inside(number.organization_id, [number.number])).exact:
        raise AlreadyExists("The number is taken", reason="ALREADY_EXISTS", field="number")


async def list_resting(
    database: Database, account_id: AccountId, now: datetime, *, before: datetime | None = None, limit: int = 100
) -> list[Number]:
    """What the account released and may still take back, the last one first; released before `before`."""
    async with database.reading() as tx:
        return await tx.numbers.list_released(account_id, since=now - QUARANTINE, before=before, limit=limit)


async def check_virtual_limit(tx: Transaction, account_id: AccountId, number: Number) -> None:
    """Raises LimitExceeded where `number` is virtual and the account's plan allows no further one."""
    if number.kind is NumberKind.VIRTUAL:
        account = await tx.accounts.get(account_id)
        await check_plan(tx, account.plan, "virtual_numbers", existing=await tx.numbers.count_virtual(account_id))


# --- the operator's hand ---------------------------------------------------------------------------------------------


async def suspend_number(database: Database, number_id: NumberId, now: datetime) -> Number:
    """Let nothing in until the operator says so. Suspending again changes nothing. Raises NotFound."""
    async with database.transaction() as tx:
        number = require_live(await tx.numbers.find_locked(None, number_id))
        if number.suspended_for is SuspendedFor.OPERATOR:
            return number
        suspended = replace(number, status=NumberStatus.SUSPENDED, suspended_for=SuspendedFor.OPERATOR, updated_at=now)
        await save_number(
            tx, number, suspended, "suspended", OPERATOR, now, events=(RenewalEvent.SUSPENDED, "number_updated")
        )
    return suspended


async def reactivate_number(database: Database, number_id: NumberId, now: datetime) -> Number:
    """Let calls and messages in again; a number that is unpaid gets a new week of grace. Raises NotFound."""
    async with database.transaction() as tx:
        number = require_live(await tx.numbers.find_locked(None, number_id))
        if number.status is NumberStatus.ACTIVE:
            return number
        unpaid = number.grace_until is not None
        active = replace(
            number,
            status=NumberStatus.ACTIVE,
            suspended_for=SuspendedFor.NOTHING,
            grace_until=now + GRACE if unpaid else None,
            updated_at=now,
        )
        events = (RenewalEvent.REACTIVATED, "number_updated")
        await save_number(tx, number, active, "reactivated", OPERATOR, now, events=events)
    return active
