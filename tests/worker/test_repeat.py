"""A duty of the worker: at its pace, at a hint, again while there is more, and over at once where it is to stop."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.worker.repeat import FIRST_PAUSE_S, LONGEST_PAUSE_S, repeat
from tests.fakes.jumping_clock import run_jumping

HAIR_S = 0.01


class Duty:
    """Remembers when it was done."""

    def __init__(self, *, more: int = 0, takes_s: float = 0.0, fails: int = 0) -> None:
        self.wake, self.stopping = asyncio.Event(), asyncio.Event()
        self.done_at: list[float] = []
        self._more, self._takes_s, self._fails = more, takes_s, fails

    async def step(self) -> bool:
        self.done_at.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self._takes_s)
        if len(self.done_at) <= self._fails:
            raise RuntimeError("the store is away")
        return len(self.done_at) < self._more

    def start(self, *, poll_s: float = 1.0) -> "asyncio.Task[None]":
        return asyncio.create_task(repeat("duty", self.step, wake=self.wake, stopping=self.stopping, poll_s=poll_s))


@given(st.sampled_from([1.0, 2.0, 5.0]), st.integers(0, 900).map(lambda ms: ms / 1000))
def test_a_step_rests_one_interval_at_most(poll_s: float, takes_s: float) -> None:
    async def work() -> list[float]:
        duty = Duty(takes_s=takes_s)
        duty.start(poll_s=poll_s)
        await asyncio.sleep(10 * poll_s)
        return duty.done_at

    done_at = run_jumping(work())
    rests = [later - earlier - takes_s for earlier, later in pairwise(done_at)]
    assert max(rests) <= poll_s + HAIR_S
    assert len(done_at) <= 12


def test_duties_of_one_pace_are_done_together() -> None:
    async def work() -> list[list[float]]:
        duties = []
        for _ in range(5):
            duties.append(Duty())
            duties[-1].start()
            await asyncio.sleep(0.13)
        await asyncio.sleep(4)
        return [duty.done_at[-3:] for duty in duties]

    first, *others = run_jumping(work())
    assert all(done_at == pytest.approx(first, abs=HAIR_S) for done_at in others)


def test_a_hint_leads_to_a_step_at_once_and_more_to_the_next_one() -> None:
    async def work() -> tuple[list[float], float]:
        duty = Duty(more=3)
        duty.start(poll_s=100.0)
        await asyncio.sleep(0.5)
        duty.wake.set()
        hinted_at = asyncio.get_running_loop().time()
        await asyncio.sleep(0.5)
        return duty.done_at, hinted_at

    done_at, hinted_at = run_jumping(work())
    assert len([at for at in done_at if at < HAIR_S]) == 3
    assert any(0 <= at - hinted_at < HAIR_S for at in done_at)


@pytest.mark.parametrize("fails", [0, 1_000])
def test_a_duty_that_rests_or_waits_after_a_failure_ends_at_once(fails: int) -> None:
    async def work() -> tuple[bool, int]:
        duty = Duty(fails=fails)
        task = duty.start(poll_s=100.0)
        await asyncio.sleep(20)
        done = len(duty.done_at)
        duty.stopping.set()
        await asyncio.sleep(HAIR_S / 10)
        return task.done(), len(duty.done_at) - done

    assert run_jumping(work()) == (True, 0)


def test_pauses_after_failures_grow_to_five_seconds_whatever_is_hinted() -> None:
    """AV-3."""

    async def work() -> list[float]:
        duty = Duty(fails=12)
        duty.start()
        for _ in range(300):
            await asyncio.sleep(0.1)
            duty.wake.set()
        return duty.done_at

    done_at = run_jumping(work())
    pauses = [later - earlier for earlier, later in pairwise(done_at)][:9]
    wanted = [min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**n) for n in range(9)]
    assert pauses == pytest.approx(wanted, abs=HAIR_S)
