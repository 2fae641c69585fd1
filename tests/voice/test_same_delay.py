"""Many timers of one delay: in order, each once, never early, little late, and at the cost of few looks."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import Any

import uvloop
from hypothesis import given
from hypothesis import strategies as st

from dialplane.voice.pulses import PULSE_S
from dialplane.voice.useragent.same_delay import SameDelay
from tests.fakes.jumping_clock import run_jumping

DELAY_S = 0.15
TICK_S = 0.001


@given(st.lists(st.integers(0, 2_000).map(lambda ms: ms / 1000), max_size=30))
def test_items_come_in_order_each_once_when_they_are_due(moments: list[float]) -> None:
    async def work() -> list[tuple[float, float]]:
        loop, came = asyncio.get_running_loop(), list[tuple[float, float]]()
        delayed = SameDelay(loop, DELAY_S, lambda put_at: came.append((put_at, loop.time())))
        for moment in sorted(moments):
            loop.call_at(moment, partial(delayed.put, moment))
        await asyncio.sleep(3)
        return came

    came = run_jumping(work())
    assert [put_at for put_at, _ in came] == sorted(moments)
    assert all(-TICK_S <= at - put_at - DELAY_S <= PULSE_S + TICK_S for put_at, at in came)


class CountingLoop(uvloop.Loop):
    """Its clock stands still within a millisecond, and it counts the timers that are set."""

    timers = 0

    def call_at(  # type: ignore[override]  # its own type is generic in the arguments, which are nothing to us
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self.timers += 1
        return super().call_at(when, callback, *args, context=context)


def test_many_items_are_looked_at_together() -> None:
    """A look for each moment at which one was due, and again until the clock had moved, was an eighth of what a call
    costs at 200 calls a second."""
    delay_s, count = 0.08, 100

    async def work() -> tuple[int, float]:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        assert isinstance(loop, CountingLoop)
        delayed = SameDelay(loop, delay_s, lambda n: over.set() if n == count - 1 else None)
        began, timers = loop.time(), loop.timers
        for n in range(count):
            delayed.put(n)
            await asyncio.sleep(TICK_S)
        await over.wait()
        return loop.timers - timers, loop.time() - began

    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        looks, took_s = runner.run(work())

    assert looks <= took_s / PULSE_S + 2
