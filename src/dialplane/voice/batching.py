"""Grouping of work that costs a commit: what arrives while one batch is on its way makes the next batch.

At low load a batch holds one item and nothing waits; at high load the batches grow by themselves, so that a thousand
calls a second cost some dozens of commits instead of thousands. Batches begin at least a pause apart, and a longer one
in dense traffic: at 200 calls a second it is the round trips of many small batches that cost, not the calls, while
large ones would keep everybody else on the loop waiting (AV-5).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Sized
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from dialplane.domain.errors import Unavailable
from dialplane.voice.pulses import PULSE_S, next_pulse

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Batch: TypeAlias = list[tuple[Item, asyncio.Future[Outcome]]]

_STOPPED = "This process is stopping"


@dataclass(frozen=True, slots=True)
class Dense:
    """Where `waiting` holds what waits after the usual pause, beginnings are `pause_s` apart instead."""

    waiting: range
    pause_s: float


NEVER = Dense(range(0), 0.0)


class Pace:
    """Keeps beginnings apart: what comes after a rest begins at once."""

    def __init__(self, pause_s: float, *, dense: Dense) -> None:
        """Beginnings are `pause_s` apart, to the nearest pulse, or what `dense` says."""
        self._pause_s = pause_s
        self._dense = dense
        self._next = 0.0

    async def wait(self, waiting: Sized) -> None:
        """Wait until the pause since the last beginning is over. This is a beginning."""
        loop = asyncio.get_running_loop()
        early_s = self._next - loop.time()
        if early_s > 0:
            await asyncio.sleep(next_pulse(self._next - PULSE_S / 2) - loop.time())
            if len(waiting) in self._dense.waiting:
                await asyncio.sleep(self._dense.pause_s - self._pause_s)
        self._next = loop.time() + self._pause_s


class Batcher(Generic[Item, Outcome]):
    """Hands items to `carry` in batches of at most `limit`, one batch at a time, in the order of their arrival.

    `run` must be going in a task of the owner. A failure of `carry` is the failure of every item of its batch; when
    `run` is cancelled, whoever still waits gets Unavailable.
    """

    def __init__(
        self,
        carry: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]],
        *,
        limit: int = 200,
        pause_s: float = 0.0,
        dense: Dense = NEVER,
    ) -> None:
        """Batches begin `pause_s` apart, or what `dense` says."""
        self._carry = carry
        self._pace = Pace(pause_s, dense=dense)
        self._limit = limit
        self._waiting: Batch[Item, Outcome] = []
        self._wake = asyncio.Event()
        self._is_over = False

    async def submit(self, item: Item) -> Outcome:
        """Wait for the outcome of `item`. A cancelled caller does not take its item back."""
        if self._is_over:
            raise Unavailable(_STOPPED)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._wake.set()
        return await future

    async def run(self) -> None:
        batch: Batch[Item, Outcome] = []
        try:
            while True:
                await self._wake.wait()
                await self._pace.wait(self._waiting)
                batch, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
                if not self._waiting:
                    self._wake.clear()
                await self._carry_one(batch)
        finally:
            self._is_over = True
            _fail(batch + self._waiting, Unavailable(_STOPPED))

    async def _carry_one(self, batch: Batch[Item, Outcome]) -> None:
        try:
            outcomes = await self._carry([item for item, _ in batch])
        except Exception as fault:  # noqa: BLE001 - the items' owners get it; the loop goes on for the others
            _fail(batch, fault)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)


def _fail(batch: Batch[Item, Outcome], fault: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(fault)
