"""Setting the host's clock while calls are up changes no bill (LED-8)."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.charging.call_billing import CallBilling
from dialplane.domain.charging.ledger import HoldRequest
from dialplane.domain.charging.rating import DEFAULT_RATES, CostType
from dialplane.domain.ids import AccountId, CallId, new_id
from dialplane.services.calling.call_records import Change
from dialplane.voice.batching import Batcher
from dialplane.voice.journal import Journal
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import LegContext
from dialplane.voice.ports import Media
from dialplane.voice.records import Records
from tests.fakes.jumping_clock import run_jumping

BEFORE_DST = datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC)
"""Half a minute before the clocks of Europe go forward."""


async def billed(seconds: float, *, step: timedelta) -> tuple[int, int]:
    """Seconds and units on the bill of a call that lasts so long, while the host's clock is set by `step`."""
    loop = asyncio.get_running_loop()
    set_by = [timedelta(0)]

    def wall() -> datetime:
        return BEFORE_DST + timedelta(seconds=loop.time()) + set_by[0]

    async def write(changes: Sequence[Change]) -> None:
        """Kept by nobody here."""

    async def grant(requests: Sequence[HoldRequest]) -> list[bool]:
        return [True for _ in requests]

    tasks: set[asyncio.Task[Any]] = set()

    def spawn(work: Coroutine[Any, Any, Any]) -> None:
        tasks.add(loop.create_task(work))

    records = Records(journal=Journal(write), extensions=Batcher(grant), spawn=spawn, now=wall)
    account_id, call_id = AccountId(new_id(wall())), CallId(new_id(wall()))
    parties = tel("+12125550111"), tel("+12025550143")
    call = Call(call_id, account_id, Direction.INCOMING, CallStatus.RINGING, *parties, wall())
    billing = CallBilling(account_id, call_id, DEFAULT_RATES[CostType.CALL_PSTN_INCOMING])
    leg = Leg(call, LegContext(cast("Media", None), records, wall, spawn), billing=billing)

    leg.on_progressing()
    loop.call_later(seconds / 2, set_by.__setitem__, 0, step)
    loop.call_later(seconds, leg.on_ended, None, None)
    await leg.ended.wait()

    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert leg.call.ended_at is not None
    charge = billing.settlement(leg.call, leg.call.ended_at).charge
    return charge.seconds, charge.units


@pytest.mark.parametrize("step", [timedelta(0), timedelta(hours=1), timedelta(hours=-1)])
@pytest.mark.parametrize(("seconds", "units"), [(59.5, 1), (61.5, 2), (600.5, 11)])
def test_bill_counts_the_seconds_that_passed_whatever_the_hosts_clock_says(
    seconds: float, units: int, step: timedelta
) -> None:
    """LED-8: the clock is set an hour forward or back in the middle of the call, at a change of summer time too."""
    assert run_jumping(billed(seconds, step=step)) == (int(seconds), units)
