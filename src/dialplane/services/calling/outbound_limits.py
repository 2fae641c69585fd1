"""Limits of what accounts call and write outwards (FRD-3): set by the operator, held in the transaction that opens a
call or queues a message."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from dialplane.domain.calling.destinations import place_of
from dialplane.domain.calling.outbound_limits import (
    NO_LIMITS,
    LimitHit,
    OutboundLimits,
    OutboundPause,
    OutboundStanding,
    OutboundUse,
    check_limits,
    first_minute,
)
from dialplane.domain.charging.call_billing import CallBilling
from dialplane.domain.errors import LimitExceeded
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, CallId
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.common import show_id, show_time
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database, Transaction

TOLD_EVERY = timedelta(minutes=1)
"""Between two events about the same limit (FRD-5)."""

_UNLIMITED = OutboundStanding(NO_LIMITS)


class OutboundLimitStore(Protocol):
    """Port. Accounts without limits have no row and cost nothing."""

    async def lock(self, accounts: Collection[AccountId]) -> dict[AccountId, OutboundStanding]:
        """Of those that have limits or are paused, so that two transactions count one after the other."""
        ...

    async def use_of(self, accounts: Collection[AccountId], now: datetime) -> dict[AccountId, OutboundUse]: ...

    async def minutes_of(self, accounts: Collection[AccountId], now: datetime) -> Mapping[AccountId, Mapping[str, int]]:
        """Started minutes of the last hour to the public network, by the number that was called."""
        ...

    async def messages_of(self, account_id: AccountId, now: datetime) -> Mapping[str, int]:
        """Those that were asked for in the last hour and may have gone out, by the number of their receiver."""
        ...

    async def find(self, account_id: AccountId) -> OutboundStanding | None: ...

    async def save(self, account_id: AccountId, limits: OutboundLimits, now: datetime) -> None: ...

    async def note_told(self, account_id: AccountId, limit: str, now: datetime, *, told_before: datetime) -> bool:
        """Whether nobody was told of the limit since then; if so, `now` is noted."""
        ...

    async def open(self, account_id: AccountId, now: datetime) -> None:
        """Make the account's row where there is none."""
        ...

    async def pause(self, account_id: AccountId, says: str, now: datetime) -> bool:
        """Whether it was not paused before."""
        ...

    async def lift(self, account_id: AccountId, now: datetime) -> bool:
        """Whether it was paused."""
        ...


async def get_outbound_limits(database: Database, account_id: AccountId) -> OutboundLimits:
    """Raises NotFound."""
    async with database.reading() as tx:
        await load_account(tx, account_id)
        return (await tx.outbound_limits.find(account_id) or _UNLIMITED).limits


async def find_outbound_pause(database: Database, account_id: AccountId) -> OutboundPause | None:
    """None where outgoing calls and texts go as they should. Raises NotFound."""
    async with database.reading() as tx:
        await load_account(tx, account_id)
        return (await tx.outbound_limits.find(account_id) or _UNLIMITED).pause


async def lift_outbound_pause(database: Database, account_id: AccountId, now: datetime) -> None:
    """What was spent until now counts no more, so that it is not paused again for the same. Safe to repeat; raises
    NotFound."""
    async with database.transaction() as tx:
        await load_account(tx, account_id)
        if await tx.outbound_limits.lift(account_id, now):
            data = {"customer_id": show_id(account_id), "tm_create": show_time(now)}
            await publish(tx, Event(account_id, "outbound_resumed", account_id, data, now))


async def set_outbound_limits(
    database: Database, account_id: AccountId, limits: OutboundLimits, now: datetime
) -> OutboundLimits:
    """They hold from the next call and message on; calls that go on are left alone.

    Raises NotFound, Invalid naming the field.
    """
    check_limits(limits)
    async with database.transaction() as tx:
        await load_account(tx, account_id)
        await tx.outbound_limits.save(account_id, limits, now)
    return limits


async def find_beyond_limits(
    tx: Transaction, calls: Sequence[tuple[CallBilling, str]], now: datetime
) -> dict[CallId, LimitExceeded]:
    """Which of the calls that are about to be opened, each with the number that it goes to, pass a limit of their
    account, in their order.

    The account is told by `outbound_limit_reached`, once a minute for each limit. Limited accounts stay locked until
    the transaction ends, so that calls opened at once never pass a limit together (FRD-4).
    """
    limited = await tx.outbound_limits.lock({billing.account_id for billing, _ in calls})
    if not limited:
        return {}
    use = await _use_of(tx, limited, now)
    beyond: dict[CallId, LimitExceeded] = {}
    hits: dict[tuple[AccountId, str], LimitHit] = {}
    for billing, target in calls:
        standing = limited.get(billing.account_id)
        if standing is None:
            continue
        before = use[billing.account_id]
        country = place_of(target) if standing.limits.counts_minutes else ""
        hit = standing.find_hit(before, billing, country)
        if hit is None:
            use[billing.account_id] = before.and_call(first_minute(billing), country)
        else:
            beyond[billing.call_id] = LimitExceeded(hit.text, reason="OUTBOUND_LIMIT_REACHED", field="destinations")
            hits[billing.account_id, hit.limit] = hit
    await tell_of_hits(tx, hits, now)
    return beyond


async def find_limit_reached(tx: Transaction, billing: CallBilling, target: str, now: datetime) -> str:
    """As `find_beyond_limits`, for a call that is not opened yet: the limit's words, empty where it may go on.

    No account is locked for it: the limit is held when the call is opened.
    """
    standing = await tx.outbound_limits.find(billing.account_id)
    if standing is None:
        return ""
    use = (await _use_of(tx, {billing.account_id: standing}, now))[billing.account_id]
    hit = standing.find_hit(use, billing, place_of(target))
    if hit is None:
        return ""
    await tell_of_hits(tx, {(billing.account_id, hit.limit): hit}, now)
    return hit.text


async def _use_of(
    tx: Transaction, standings: Mapping[AccountId, OutboundStanding], now: datetime
) -> dict[AccountId, OutboundUse]:
    use = await tx.outbound_limits.use_of(standings, now)
    counted = [account_id for account_id, standing in standings.items() if standing.limits.counts_minutes]
    if counted:
        for account_id, numbers in (await tx.outbound_limits.minutes_of(counted, now)).items():
            minutes: Counter[str] = Counter()
            for number, spoken in numbers.items():
                minutes[place_of(number)] += spoken
            use[account_id] = replace(use[account_id], minutes=minutes)
    return use


async def tell_of_hits(tx: Transaction, hits: Mapping[tuple[AccountId, str], LimitHit], now: datetime) -> None:
    """By `outbound_limit_reached`, once a minute for each limit (FRD-5)."""
    events: list[Event] = []
    for (account_id, limit), hit in hits.items():
        if await tx.outbound_limits.note_told(account_id, limit, now, told_before=now - TOLD_EVERY):
            data = {
                "customer_id": show_id(account_id),
                "limit": limit,
                "message": hit.text,
                "tm_create": show_time(now),
            }
            events.append(Event(account_id, "outbound_limit_reached", account_id, data, now))
    await publish(tx, *events)
