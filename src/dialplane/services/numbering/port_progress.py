"""Porting in, from the submission on: the operator's steps, the simulated carrier's, and the cut-over by the clock."""

from dataclasses import replace
from datetime import datetime

from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import FlowId, NumberId, PortId, new_id
from dialplane.domain.numbering.history import OPERATOR, SYSTEM, Actor
from dialplane.domain.numbering.numbers import Number, NumberStatus
from dialplane.domain.numbering.port_exceptions import PortException, PortFault, fault_in
from dialplane.domain.numbering.portability import next_turn
from dialplane.domain.numbering.porting import (
    LONGEST_REASON,
    Port,
    PortNumber,
    PortStatus,
    check_move,
    check_requested,
    invalid,
    moved,
)
from dialplane.domain.numbering.renewal import first_due
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.domain.supply.inventory import OWNED
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.history import record
from dialplane.services.numbering.porting import keep, lock_port
from dialplane.services.numbering.renewal import renew
from dialplane.services.shapes.numbers import show_number
from dialplane.services.transaction import Database, Transaction


async def advance_port(
    database: Database,
    port_id: PortId,
    to: PortStatus,
    now: datetime,
    *,
    reason: str = "",
    fault: PortFault | None = None,
    foc_at: datetime | None = None,
) -> Port:
    """Lead an order on, by the operator's hand. `foc_at` is for `date_confirmed`: the requested date else; `fault` and
    `reason` are for `exception`, one of them at least; a reason may be the fault's word alone. `ported` cuts over at
    once.

    Raises NotFound, Conflict (STATE_INVALID) for a step that `MOVES` has not, Invalid naming the field.
    """
    if len(reason) > LONGEST_REASON:
        raise invalid("reason", f"has {LONGEST_REASON} characters at most")
    check_requested(foc_at, now, field="foc_date")
    async with database.transaction() as tx:
        port = await lock_port(tx, None, port_id)
        check_move(port, to)
        if to is PortStatus.PORTED:
            return await _cut_over(tx, port, OPERATOR, now)
        if to is PortStatus.EXCEPTION:
            if fault is None and not reason.strip():
                raise invalid("reason", "is needed: it is what the account has to correct")
            return await stop_port(tx, port, PortException(fault or fault_in(reason), reason), now)
        if to is PortStatus.DATE_CONFIRMED:
            port = replace(port, foc_at=_date(port, foc_at, now))
        return await keep(tx, moved(port, to, now, reason=reason), now)


def _date(port: Port, foc_at: datetime | None, now: datetime) -> datetime:
    """The day that is fixed. Raises Invalid where nobody named one."""
    wanted = foc_at or port.requested_at or port.foc_at
    if wanted is None:
        raise invalid("foc_date", "is needed: the account named no day")
    return wanted if foc_at is not None else max(wanted, now)


async def stop_port(tx: Transaction, port: Port, wrong: PortException, now: datetime) -> Port:
    """Something is wrong with a locked order: its owner is told what."""
    stopped = moved(port, PortStatus.EXCEPTION, now, reason=wrong.reason or wrong.fault.value)
    return await keep(tx, replace(stopped, exception=wrong), now)


# --- the clock -------------------------------------------------------------------------------------------------------


async def cut_over_ports(database: Database, now: datetime, *, limit: int = 50) -> list[Port]:
    """Let the numbers of every order whose moment has come work, one order at a time; the orders.

    `now` is the billing clock. Any number of workers may do this at once: an order is locked while it is cut over, and
    is no more due afterwards.
    """
    done: list[Port] = []
    while len(done) < limit:
        async with database.transaction() as tx:
            port = await tx.ports.due(now)
            if port is None:
                break
            done.append(await _cut_over(tx, port, SYSTEM, now))
    return done


async def play_ports(database: Database, now: datetime, *, limit: int = 50) -> int:
    """Make the simulated carrier's next moves with the orders that it leads by itself; how many they were."""
    for made in range(limit):
        async with database.transaction() as tx:
            port = await tx.ports.to_play()
            if port is None:
                return made
            await _play(tx, port, now)
    return limit


async def _play(tx: Transaction, port: Port, now: datetime) -> None:
    turn = next_turn(port)
    if turn is None:
        await tx.ports.save(replace(port, play_at=None))
    elif turn.fault is not None:
        await stop_port(tx, port, PortException(turn.fault, "the simulated carrier says so"), now)
    elif turn.to is PortStatus.DATE_CONFIRMED:
        fixed = replace(port, foc_at=max(port.requested_at or now, now))
        await keep(tx, moved(fixed, turn.to, now), now)
    else:
        await keep(tx, moved(port, turn.to, now), now)


# --- the cut-over ----------------------------------------------------------------------------------------------------


async def _cut_over(tx: Transaction, port: Port, by: Actor, now: datetime) -> Port:
    """The numbers are the account's, with their targets, and their first month begins: one transaction for all."""
    live = await tx.numbers.find_live([each.number for each in port.numbers])
    if live:
        held = f"{live[0].number} is held on this platform already"
        return await stop_port(tx, port, PortException(PortFault.SV_CONFLICT, held), now)
    account = await tx.accounts.get(port.account_id)
    carried = await tx.carriers.find_port(port.id)
    arrived = []
    for each in port.numbers:
        number = await _arrive(tx, account, port, each, by, now, carrier=carried.carrier if carried else OWNED)
        arrived.append(replace(each, targets=number.targets, number_id=number.id))
    done = replace(port, numbers=tuple(arrived), foc_at=port.foc_at or now)
    return await keep(tx, moved(done, PortStatus.PORTED, now), now)


async def _arrive(
    tx: Transaction, account: Account, port: Port, each: PortNumber, by: Actor, now: datetime, *, carrier: str
) -> Number:
    # The first month is paid as every other is: once, or with a week of grace.
    due = first_due(each.monthly_micros, now)
    number = Number(
        id=NumberId(new_id(now)),
        account_id=account.id,
        organization_id=account.organization_id,
        number=each.number,
        kind=each.kind,
        status=NumberStatus.ACTIVE,
        created_at=now,
        targets=await _still_there(tx, port, each.targets),
        name=each.name,
        country=each.country,
        capabilities=("sms", "voice"),
        carrier=carrier,
        monthly_micros=each.monthly_micros,
        purchased_at=now,
        renews_at=due.renews_at,
        look_at=due.look_at,
    )
    async with tx.together() as batch:
        await batch.numbers.add(number)
        await record(batch, None, number, "ported_in", by, now)
        await publish(batch, Event(number.account_id, "number_created", number.id, show_number(number), now))
    return await renew(tx, number, now)


async def _still_there(tx: Transaction, port: Port, targets: Targets) -> Targets:
    """Without the flows that were deleted since: a number that runs nothing is better than one that does not come."""

    async def gone(target: object) -> bool:
        return isinstance(target, FlowTarget) and await tx.flows.find(port.account_id, FlowId(target.flow_id)) is None

    return replace(
        targets,
        voice=None if await gone(targets.voice) else targets.voice,
        message=None if await gone(targets.message) else targets.message,
    )
