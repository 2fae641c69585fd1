"""A timer for many things that are all due equally long after they began."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVarTuple

from dialplane.voice.pulses import next_pulse

Item = TypeVarTuple("Item")


class SameDelay(Generic[*Item]):
    """Calls `callback` with each item `delay_s` after it was put in, at the next pulse.

    What was put in first is due first, so one timer of the loop does for all of them: a timer of its own for each call
    that nearly always finds nothing left to do costs more than the look.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, delay_s: float, callback: Callable[[*Item], None]) -> None:
        self._loop = loop
        self._delay_s = delay_s
        self._callback = callback
        self._waiting: deque[tuple[float, tuple[*Item]]] = deque()

    def put(self, *item: *Item) -> None:
        due = self._loop.time() + self._delay_s
        if not self._waiting:
            self._loop.call_at(next_pulse(due), self._look)
        self._waiting.append((due, item))

    def _look(self) -> None:
        now = self._loop.time()
        while self._waiting and self._waiting[0][0] <= now:
            self._callback(*self._waiting.popleft()[1])
        if self._waiting:
            self._loop.call_at(next_pulse(self._waiting[0][0]), self._look)
