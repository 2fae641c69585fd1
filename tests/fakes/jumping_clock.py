"""An event loop whose clock jumps over every wait: an hour of timers passes in milliseconds, in the right order."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Outcome = TypeVar("Outcome")


class _JumpingSelector(selectors.SelectSelector):
    """Where nothing is ready, the time that would have been waited has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.passed_s += timeout
        return ready


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.passed_s


def run_jumping(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run `work` on such a loop. For work that waits for time alone: nobody else is faster or slower."""
    with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
        return runner.run(work)
