"""Accounts that spend far more than usual on calls and texts: they are told, and paused where it is too much (FRD-5).

It is looked for in what the ledger has, beside the traffic and not in its way; so a pause comes within a minute.
"""

from datetime import datetime, timedelta

from dialplane.domain.eventing.events import Event
from dialplane.domain.operating.unusual import SPIKE, SpentByAccount
from dialplane.services.eventing.events import publish
from dialplane.services.operating.watch import spending
from dialplane.services.shapes.common import show_id, show_time
from dialplane.services.transaction import Database

_TOLD_EVERY = timedelta(hours=1)
_SPIKE = "spending"


async def look_for_spikes(database: Database, now: datetime) -> int:
    """Tell of accounts that spent ten times their usual hour, and pause those that spent twenty times; how many there
    are. Each is told once an hour, and paused until the operator lifts it."""
    async with database.reading() as tx:
        spikes = [each for each in await spending(tx, now) if each.is_spike(now, SPIKE)]
    for spike in spikes:
        await _act(database, spike, now)
    return len(spikes)


async def _act(database: Database, spike: SpentByAccount, now: datetime) -> None:
    account_id, says = spike.account_id, spike.says(now)
    data = {
        "customer_id": show_id(account_id),
        "spent_micros": spike.hour_micros,
        "usual_micros": round(spike.mean(now)),
        "message": says,
        "tm_create": show_time(now),
    }
    async with database.transaction() as tx:
        limits = tx.outbound_limits
        await limits.open(account_id, now)
        kinds = []
        if await limits.note_told(account_id, _SPIKE, now, told_before=now - _TOLD_EVERY):
            kinds.append("outbound_spending_unusual")
        if spike.calls_for_pause(now) and await limits.pause(account_id, says, now):
            kinds.append("outbound_paused")
        await publish(tx, *(Event(account_id, kind, account_id, data, now) for kind in kinds))
