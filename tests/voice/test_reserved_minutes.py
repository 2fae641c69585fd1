"""A call reserves each minute before it begins, and ends where the next one cannot be paid (LED-6)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call, CallStatus, Direction, HangupReason
from dialplane.domain.charging.call_billing import CallBilling
from dialplane.domain.charging.ledger import HoldRequest, Purse
from dialplane.domain.charging.rating import DEFAULT_RATES, CostType, Rate
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import AccountId, CallId, new_id
from dialplane.domain.money import Micros
from dialplane.services.calling.call_records import CallEnded, Change
from dialplane.voice.batching import Batcher
from dialplane.voice.journal import Journal
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import LegContext
from dialplane.voice.ports import Media
from dialplane.voice.records import Records
from tests.fakes.jumping_clock import run_jumping

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def answered_leg(
    reserve: Callable[[HoldRequest], int], rate: Rate, now: Callable[[], datetime]
) -> AsyncIterator[tuple[Leg, list[Change]]]:
    """A call that was just answered, and what is written of it. `reserve` says how many units are held then."""
    loop = asyncio.get_running_loop()
    written: list[Change] = []

    async def write(changes: Sequence[Change]) -> None:
        written.extend(changes)

    async def decide(requests: Sequence[HoldRequest]) -> list[int]:
        return [reserve(request) for request in requests]

    tasks: set[asyncio.Task[Any]] = set()

    def spawn(work: Coroutine[Any, Any, Any]) -> None:
        tasks.add(loop.create_task(work))

    journal: Journal[Change] = Journal(write)
    minutes = Batcher(decide)
    records = Records(journal=journal, extensions=minutes, spawn=spawn, now=now)
    loops = [loop.create_task(journal.run()), loop.create_task(minutes.run())]
    account_id, call_id = AccountId(new_id(NOW)), CallId(new_id(NOW))
    call = Call(
        call_id, account_id, Direction.INCOMING, CallStatus.RINGING, tel("+12125550111"), tel("+12025550143"), NOW
    )
    context = LegContext(cast("Media", None), records, now, spawn)
    leg = Leg(call, context, billing=CallBilling(account_id, call_id, rate))
    records.started(leg)
    leg.update(status=CallStatus.PROGRESSING, progressing_at=leg.now())
    records.changed(leg, "call_progressing")
    yield leg, written
    await journal.drained()
    for task in [*loops, *tasks]:
        task.cancel()
    await asyncio.gather(*loops, *tasks, return_exceptions=True)
    assert [type(change) for change in written[-1:]] == [CallEnded]


async def seconds_until_the_end(
    reserve: Callable[[HoldRequest], int], rate: Rate = DEFAULT_RATES[CostType.CALL_PSTN_INCOMING]
) -> tuple[float, str]:
    """How long a call lasts that nobody hangs up, and why it ended."""
    loop = asyncio.get_running_loop()
    async with answered_leg(reserve, rate, lambda: NOW) as (leg, _):
        began = loop.time()
        async with asyncio.timeout(3600):
            await leg.ended.wait()
        lasted = loop.time() - began
    return lasted, leg.call.cause_text


@pytest.mark.parametrize("paid_minutes", [1, 2, 5])
def test_call_ends_with_the_last_minute_that_was_paid(paid_minutes: int) -> None:
    lasted, why = run_jumping(seconds_until_the_end(lambda request: min(request.units, paid_minutes)))

    assert lasted == pytest.approx(60 * paid_minutes, abs=0.1)
    assert why == "the balance ran out"


def test_call_goes_on_while_the_store_is_away_and_pays_when_it_is_back() -> None:
    asked: list[int] = []

    def away_in_the_first_minutes(request: HoldRequest) -> int:
        asked.append(request.units)
        if len(asked) <= 2:
            raise Unavailable("The database does not answer")
        return min(request.units, 4)

    lasted, _ = run_jumping(seconds_until_the_end(away_in_the_first_minutes))

    assert lasted == pytest.approx(240, abs=0.1)
    assert asked == [2, 3, 4, 5]


@pytest.mark.parametrize(("increment_s", "micros", "lasts_s"), [(1, 10_000, 100), (6, 60_000, 96), (60, 600_000, 60)])
def test_dollar_at_sixty_cents_a_minute_ends_with_the_last_slice_that_it_pays(
    increment_s: int, micros: int, lasts_s: int
) -> None:
    """LED-6: $1.00 at $0.60 a minute is 100 seconds, as far as whole slices go."""
    rate = Rate(CostType.CALL_PSTN_OUTGOING, Micros(micros), increment_s=increment_s)
    purse = Purse(AccountId(new_id(NOW)), credit=1_000_000)
    held = 60 // increment_s  # before it rang out

    def reserve(request: HoldRequest) -> int:
        nonlocal held
        affordable = rate.payable_units(request.units, credit=purse.credit, tokens=0)
        held = max(held, affordable)
        return held

    lasted, why = run_jumping(seconds_until_the_end(reserve, rate))

    assert lasted == pytest.approx(lasts_s, abs=1)
    assert why == "the balance ran out"


async def bill_of_a_call_during_which_the_clock_is_set(by: timedelta) -> tuple[float, int]:
    """Seconds and units of a call of 90 seconds, after the first of which the wall's clock jumps."""
    wall = NOW
    rate = Rate(CostType.CALL_PSTN_INCOMING, Micros(10_000), increment_s=1)
    async with answered_leg(lambda request: request.units, rate, lambda: wall) as (leg, written):
        await asyncio.sleep(1)
        wall += by
        await asyncio.sleep(89)
        leg.hang_up(HangupReason.NORMAL)
        await leg.ended.wait()
    (ended,) = (change for change in written if isinstance(change, CallEnded))
    assert ended.billing is not None
    assert ended.call.ended_at is not None
    charge = ended.billing.settlement(ended.call, ended.call.ended_at).charge
    return charge.seconds, charge.units


@pytest.mark.parametrize("hours", [0, 1, -1])
def test_bill_does_not_change_when_the_clock_is_set_during_the_call(hours: int) -> None:
    """LED-8."""
    billed = run_jumping(bill_of_a_call_during_which_the_clock_is_set(timedelta(hours=hours)))

    assert billed == (90, 90)
