"""Timers of calls for what mostly never comes due: the longest call, the next minute to be paid, a long sleep."""

import asyncio
from collections.abc import Callable
from functools import partial

TURN_S = 1.0
"""Between two turns. What is due before the next but one goes to the loop at once."""


class Deadline:
    """What is to happen at `when`, by the loop's clock."""

    __slots__ = ("_bucket", "_callback", "_handle", "when")

    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        self.when = when
        self._callback = callback
        self._bucket: dict[Deadline, None] | None = None
        self._handle: asyncio.TimerHandle | None = None

    def cancel(self) -> None:
        """Safe at any time, any number of times."""
        if self._bucket is not None:
            del self._bucket[self]
            self._bucket = None
        if self._handle is not None:
            self._handle.cancel()

    def wait_in(self, bucket: "dict[Deadline, None]") -> None:
        self._bucket = bucket
        bucket[self] = None

    def wait_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self._bucket = None
        self._handle = loop.call_at(self.when, self._callback)


class Deadlines:
    """Keeps deadlines by their seconds, and gives those of the next two to the loop, which is exact.

    A call has three, an hour or half a minute away, and nearly all are cancelled: each as a timer of the loop, that
    was a thirtieth of the voice process's time. What is cancelled leaves nothing behind.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buckets: dict[int, dict[Deadline, None]] = {}
        self._is_turning = False

    def call_at(self, when: float, callback: Callable[[], object]) -> Deadline:
        """As the loop's own; `callback` is called at `when` or a little later, unless it is cancelled."""
        deadline = Deadline(when, callback)
        if when - self._loop.time() < 2 * TURN_S:
            deadline.wait_on(self._loop)
            return deadline
        bucket = self._buckets.get(int(when))
        if bucket is None:
            bucket = self._buckets[int(when)] = {}
        deadline.wait_in(bucket)
        if not self._is_turning:
            self._is_turning = True
            self._loop.call_later(TURN_S, self._turn)
        return deadline

    async def sleep(self, seconds: float) -> None:
        """As `asyncio.sleep`."""
        over: asyncio.Future[None] = self._loop.create_future()
        deadline = self.call_at(self._loop.time() + seconds, partial(_end, over))
        try:
            await over
        finally:
            deadline.cancel()

    def _turn(self) -> None:
        until = self._loop.time() + 2 * TURN_S
        for second in [second for second in self._buckets if second < until]:
            for deadline in self._buckets.pop(second):
                deadline.wait_on(self._loop)
        self._is_turning = bool(self._buckets)
        if self._is_turning:
            self._loop.call_later(TURN_S, self._turn)


def _end(over: "asyncio.Future[None]") -> None:
    if not over.done():
        over.set_result(None)
