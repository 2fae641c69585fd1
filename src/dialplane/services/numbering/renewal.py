"""Monthly renewal: told before, charged once for each number and month, suspended after the grace, never taken away."""

from datetime import datetime

from dialplane.domain.charging.ledger import Charge, ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.errors import InsufficientBalance
from dialplane.domain.eventing.events import Event
from dialplane.domain.numbering.history import OPERATOR, SYSTEM, Actor
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.renewal import Renewal, not_paid, period_key, renewed, warn
from dialplane.services.charging.ledger import charge
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.history import record
from dialplane.services.shapes.common import show_time
from dialplane.services.shapes.numbers import show_number
from dialplane.services.transaction import Database, Transaction


async def renew_numbers(database: Database, now: datetime, *, limit: int = 200) -> list[Number]:
    """Do what is due by the billing clock `now`, one number at a time; those that were looked at.

    Any number of workers may do this at once: a number is locked while it is looked at, and its month has a key.
    """
    looked_at: list[Number] = []
    while len(looked_at) < limit:
        async with database.transaction() as tx:
            due = await tx.numbers.due(now, limit=1)
            if not due:
                break
            looked_at.append(await renew(tx, due[0], now))
    return looked_at


async def renew_before(database: Database, moment: datetime, now: datetime, *, limit: int = 1000) -> list[Number]:
    """Renew every number whose due day is before `moment`, early ones too (VoIPBIN's POST /numbers/renew).

    One month at most for each number; the numbers that were paid.
    """
    async with database.transaction() as tx:
        due = await tx.numbers.renewable_before(moment, limit=limit)
        return [paid for number in due if (paid := await _pay_and_save(tx, number, now)) is not None]


async def _pay_and_save(tx: Transaction, number: Number, now: datetime) -> Number | None:
    renewal = await _pay(tx, number, now)
    if renewal is None:
        return None
    await _save(tx, number, renewal, OPERATOR, now)
    return renewal.number


async def renew(tx: Transaction, number: Number, now: datetime) -> Number:
    """Warn, or pay as many months as have passed, or give grace, or suspend. The number must be locked, or new."""
    while number.renews_at is not None and number.renews_at <= now:
        renewal = await _pay(tx, number, now) or not_paid(number, now)
        await _save(tx, number, renewal, SYSTEM, now)
        unpaid = renewal.number.renews_at == number.renews_at
        number = renewal.number
        if unpaid:
            return number
    renewal = warn(number, now)
    await _save(tx, number, renewal, SYSTEM, now)
    return renewal.number


async def _pay(tx: Transaction, number: Number, now: datetime) -> Renewal | None:
    """None where the account cannot."""
    assert number.renews_at is not None
    wanted = Charge(
        key=period_key(number),
        rate=Rate(CostType.NUMBER_RENEW, number.monthly_micros),
        units=1,
        reference_type=ReferenceType.NUMBER_RENEW,
        reference_id=number.id,
        started_at=number.renews_at,
        ended_at=now,
        detail=number.number,
    )
    if number.monthly_micros:
        try:
            await charge(tx, number.account_id, wanted, now)
        except InsufficientBalance:
            return None
    return renewed(number, now)


async def _save(tx: Transaction, before: Number, renewal: Renewal, by: Actor, now: datetime) -> None:
    number = renewal.number
    facts = {
        "due_at": show_time(before.renews_at),
        "days_left": number.warned_days,
        "monthly_micros": number.monthly_micros,
        "grace_until": show_time(number.grace_until),
    }
    data = {**show_number(number), "renewal": facts}
    events = [Event(number.account_id, told, number.id, data, now) for told in renewal.events]
    if number.status is not before.status:
        events.append(Event(number.account_id, "number_updated", number.id, show_number(number), now))
    async with tx.together() as batch:
        await batch.numbers.save(number)
        if renewal.events:
            await record(batch, before, number, renewal.events[-1].removeprefix("number_"), by, now)
        await publish(batch, *events)
