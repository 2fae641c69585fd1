"""Porting out: another carrier asks with the owner's PIN, the owner is told and may say no, and the number goes."""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.errors import AlreadyExists, Conflict, NotFound, NotPermitted
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, NumberId, new_id
from dialplane.domain.numbering.history import SYSTEM
from dialplane.domain.numbering.numbers import Number, NumberStatus
from dialplane.domain.numbering.port_outs import WINDOW, PortOut, PortOutStatus, check_pin, check_request, went_on
from dialplane.domain.supply.inventory import ItemState
from dialplane.services.eventing.events import publish
from dialplane.services.identity.access_keys import hash_token
from dialplane.services.numbering.history import record
from dialplane.services.shapes.numbers import show_number
from dialplane.services.shapes.port_outs import show_port_out
from dialplane.services.transaction import Database, Transaction


class PortOutStore(Protocol):
    """Port."""

    async def add(self, asked: PortOut) -> None: ...

    async def save(self, asked: PortOut) -> None:
        """Write what may change: status, reason, times."""
        ...

    async def find(self, account_id: AccountId | None, asked_id: UUID, *, lock: bool = False) -> PortOut | None:
        """Any account's where `account_id` is None. `lock`: nobody else changes it until the transaction ends."""
        ...

    async def find_open(self, number_id: NumberId) -> PortOut | None: ...

    async def list_for(
        self, account_id: AccountId | None, *, status: PortOutStatus | None, before: datetime | None, limit: int
    ) -> list[PortOut]:
        """Newest first; made before `before`; every account's where `account_id` is None."""
        ...

    async def due(self, now: datetime) -> PortOut | None:
        """One whose window or whose time is over, locked; those that others have locked are left out."""
        ...

    async def has_left(self, number: Number) -> bool:
        """Whether this holding of the number ended with its way to another carrier."""
        ...

    async def gone(self, numbers: Sequence[str]) -> set[str]:
        """Those of `numbers` that went to another carrier at some time."""
        ...

    async def set_pin(self, account_id: AccountId, pin_hash: bytes, now: datetime) -> None: ...

    async def find_pin(self, account_id: AccountId) -> bytes | None: ...


# --- the owner's side ------------------------------------------------------------------------------------------------


async def set_port_out_pin(database: Database, account_id: AccountId, pin: str, now: datetime) -> None:
    """Without this word no number of the account goes anywhere. Only its hash is kept. Raises Invalid."""
    check_pin(pin)
    async with database.transaction() as tx:
        await tx.port_outs.set_pin(account_id, _hash(account_id, pin), now)


async def has_port_out_pin(database: Database, account_id: AccountId) -> bool:
    async with database.reading() as tx:
        return await tx.port_outs.find_pin(account_id) is not None


async def approve_port_out(database: Database, account_id: AccountId, asked_id: UUID, now: datetime) -> PortOut:
    """Let the number go before the window is over. Raises NotFound, Conflict where that was decided."""
    async with database.transaction() as tx:
        asked = await _lock(tx, account_id, asked_id)
        return await _keep(tx, went_on(asked, PortOutStatus.AUTHORIZED, now), now)


async def reject_port_out(
    database: Database, account_id: AccountId, asked_id: UUID, reason: str, now: datetime
) -> PortOut:
    """Keep the number. Raises NotFound, Conflict where that was decided or the window is over, Invalid."""
    async with database.transaction() as tx:
        asked = await _lock(tx, account_id, asked_id)
        if now >= asked.decide_by:
            raise Conflict("The time to say no is over", reason="STATE_INVALID")
        return await _keep(tx, went_on(asked, PortOutStatus.REJECTED, now, reason=reason), now)


async def get_port_out(database: Database, account_id: AccountId, asked_id: UUID) -> PortOut:
    """Raises NotFound (PORT_OUT_NOT_FOUND) for another account's too."""
    async with database.reading() as tx:
        return _given(await tx.port_outs.find(account_id, asked_id))


async def list_port_outs(
    database: Database,
    account_id: AccountId | None,
    *,
    status: PortOutStatus | None = None,
    before: datetime | None = None,
    limit: int = 100,
) -> list[PortOut]:
    """Newest first; every account's, for the operator, where `account_id` is None."""
    async with database.reading() as tx:
        return await tx.port_outs.list_for(account_id, status=status, before=before, limit=limit)


# --- the other carrier's side ----------------------------------------------------------------------------------------


async def request_port_out(
    database: Database, number: str, pin: str, carrier: str, now: datetime, *, leaves_at: datetime | None = None
) -> PortOut:
    """Ask for a number in another carrier's name. A refusal is told to its owner, too.

    Raises Invalid naming the field, NotFound, NotPermitted (PIN_MISMATCH), Conflict for a protected number,
    AlreadyExists where a request for it is open.
    """
    number = normalize_tel(number, field="number")
    check_request(carrier, leaves_at, now)
    async with database.transaction() as tx:
        held = await _held(tx, number)
        refusal = await _refusal(tx, held, pin)
        if refusal is None:
            return await _ask(tx, held, carrier, leaves_at, now)
        facts = {"carrier": carrier, "reason": refusal.reason, "message": refusal.message}
        refused = {**show_number(held), "port_out": facts}
        await publish(tx, Event(held.account_id, "port_out_refused", held.id, refused, now))
    raise refusal


async def _held(tx: Transaction, number: str) -> Number:
    """The number, locked."""
    found = [each for each in await tx.numbers.find_live([number]) if each.kind.is_ordinary]
    held = await tx.numbers.find_locked(None, found[0].id) if found else None
    if held is None or held.status is NumberStatus.RELEASED:
        raise NotFound(f"{number} is no number of ours", reason="NUMBER_NOT_FOUND", field="number")
    return held


async def _refusal(tx: Transaction, held: Number, pin: str) -> NotPermitted | Conflict | None:
    kept = await tx.port_outs.find_pin(held.account_id)
    if kept is None or not hmac.compare_digest(kept, _hash(held.account_id, pin)):
        return NotPermitted("This is not the PIN of the number's owner", reason="PIN_MISMATCH", field="pin")
    if held.protected:
        return Conflict(f"{held.number} is protected", reason="NUMBER_PROTECTED", field="number")
    if await tx.port_outs.find_open(held.id) is not None:
        return AlreadyExists("A request for this number is open", reason="ALREADY_EXISTS", field="number")
    return None


async def _ask(tx: Transaction, held: Number, carrier: str, leaves_at: datetime | None, now: datetime) -> PortOut:
    asked = PortOut(
        id=new_id(now),
        account_id=held.account_id,
        number_id=held.id,
        number=held.number,
        carrier=carrier,
        status=PortOutStatus.PENDING,
        decide_by=now + WINDOW,
        leaves_at=max(leaves_at or now, now),
        created_at=now,
        updated_at=now,
    )
    await tx.port_outs.add(asked)
    await publish(tx, _event(asked, now))
    return asked


async def cancel_port_out(database: Database, asked_id: UUID, now: datetime) -> PortOut:
    """The other carrier no longer asks. Raises NotFound, Conflict where it is over."""
    async with database.transaction() as tx:
        asked = await _lock(tx, None, asked_id)
        return await _keep(tx, went_on(asked, PortOutStatus.CANCELLED, now), now)


# --- the clock -------------------------------------------------------------------------------------------------------


async def finish_port_outs(database: Database, now: datetime, *, limit: int = 50) -> int:
    """Let requests go on whose window is over, and numbers go whose time has come; how many steps that were.

    `now` is the billing clock. Any number of workers may do this at once.
    """
    for made in range(limit):
        async with database.transaction() as tx:
            asked = await tx.port_outs.due(now)
            if asked is None:
                return made
            if asked.status is PortOutStatus.PENDING:
                await _keep(tx, went_on(asked, PortOutStatus.AUTHORIZED, now), now)
            else:
                await _let_go(tx, asked, now)
    return limit


async def _let_go(tx: Transaction, asked: PortOut, now: datetime) -> None:
    """The number is released and does not rest here: it is the other carrier's, and nobody's to take back."""
    number = await tx.numbers.find_locked(None, asked.number_id)
    if number is None or number.status is NumberStatus.RELEASED:
        await _keep(tx, went_on(asked, PortOutStatus.CANCELLED, now, reason="the number was given up before"), now)
        return
    left = replace(number, status=NumberStatus.RELEASED, look_at=None, released_at=now, updated_at=now)
    async with tx.together() as batch:
        await batch.numbers.save(left)
        if number.item_id is not None:
            # No end: whatever is never offered again stays in the books, because others point at it.
            await batch.inventory.set_state(
                number.item_id, ItemState.QUARANTINED, account_id=number.account_id, until=None, now=now
            )
        await record(batch, number, left, "ported_out", SYSTEM, now)
        await publish(batch, Event(left.account_id, "number_deleted", left.id, show_number(left), now))
    await _keep(tx, went_on(asked, PortOutStatus.PORTED, now), now)


# --- parts -----------------------------------------------------------------------------------------------------------


async def _lock(tx: Transaction, account_id: AccountId | None, asked_id: UUID) -> PortOut:
    return _given(await tx.port_outs.find(account_id, asked_id, lock=True))


async def _keep(tx: Transaction, asked: PortOut, now: datetime) -> PortOut:
    await tx.port_outs.save(asked)
    await publish(tx, _event(asked, now))
    return asked


def _event(asked: PortOut, now: datetime) -> Event:
    """`port_out_pending`, `port_out_authorized`, ..."""
    return Event(asked.account_id, f"port_out_{asked.status}", asked.id, show_port_out(asked), now)


def _hash(account_id: AccountId, pin: str) -> bytes:
    """Not the same for two accounts that chose the same PIN."""
    return hash_token(f"{account_id}:{pin}")


def _given(asked: PortOut | None) -> PortOut:
    if asked is None:
        raise NotFound("There is no such request", reason="PORT_OUT_NOT_FOUND")
    return asked
