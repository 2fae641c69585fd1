"""Deadlines of calls: as exact as the loop's own timers, and gone when they are cancelled."""

import asyncio
import gc
import weakref
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.voice.deadlines import Deadlines
from tests.fakes.jumping_clock import run_jumping

SECONDS = st.integers(0, 20_000).map(lambda ms: ms / 1000)


@given(st.lists(st.tuples(SECONDS, SECONDS, st.booleans()), max_size=20))
def test_each_deadline_comes_at_its_time_unless_it_is_cancelled_before(orders: list[tuple[float, float, bool]]) -> None:
    """Each order: when it is given, how long it waits, whether it is cancelled half-way."""

    async def work() -> list[tuple[int, float]]:
        loop, deadlines, came = asyncio.get_running_loop(), Deadlines(), list[tuple[int, float]]()

        def give(n: int, wait_s: float, *, is_cancelled: bool) -> None:
            deadline = deadlines.call_at(loop.time() + wait_s, lambda: came.append((n, loop.time())))
            if is_cancelled:
                loop.call_later(wait_s / 2, deadline.cancel)

        for n, (begin_s, wait_s, is_cancelled) in enumerate(orders):
            loop.call_at(begin_s, partial(give, n, wait_s, is_cancelled=is_cancelled and wait_s > 0))
        await asyncio.sleep(50)
        return came

    came = run_jumping(work())
    wanted = {n: begin + wait for n, (begin, wait, cancelled) in enumerate(orders) if not (cancelled and wait > 0)}
    assert dict(came) == pytest.approx(wanted, abs=0.001)
    assert len(came) == len(wanted)


def test_sleep_takes_its_time_and_can_be_cancelled() -> None:
    async def work() -> tuple[float, bool]:
        loop, deadlines = asyncio.get_running_loop(), Deadlines()
        await deadlines.sleep(0.5)
        await deadlines.sleep(12.25)
        slept_s = loop.time()
        task = asyncio.create_task(deadlines.sleep(30))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        return slept_s, task.cancelled()

    slept_s, was_cancelled = run_jumping(work())
    assert slept_s == pytest.approx(12.75, abs=0.001)
    assert was_cancelled


def test_what_is_cancelled_is_held_by_nobody() -> None:
    class Leg:
        def end(self) -> None:
            raise AssertionError("cancelled")

    async def work() -> None:
        deadlines, leg = Deadlines(), Leg()
        gone = weakref.ref(leg)
        gc.disable()
        try:
            deadline = deadlines.call_at(asyncio.get_running_loop().time() + 3600, leg.end)
            deadline.cancel()
            deadline.cancel()
            del deadline, leg
            assert gone() is None
        finally:
            gc.enable()
        await asyncio.sleep(10)

    run_jumping(work())
