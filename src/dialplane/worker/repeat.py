"""A duty of the worker: a step that is repeated when a hint comes, when more is waiting, and at least every second.

Duties of one pace come due at the same moments: an idle worker wakes up for all of them together. Another worker has
other moments, so that they do not all ask the store at once.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

POLL_S = 1.0
"""Hints may get lost; polling is the truth."""
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
"""AV-3: work goes on at most five seconds after the database came back."""

_GOLDEN = 0.618
"""Seconds for each process id: those of neighbours are far apart."""
_HAIR_S = 0.002
"""By which a timer may be early: the loop counts in milliseconds."""

FAILURES: Counter[str] = Counter()
"""Steps that failed, by duty, since the process began: a process is one worker. For its metrics."""

log = structlog.get_logger()


async def repeat(
    name: str,
    step: Callable[[], Awaitable[bool]],
    *,
    wake: asyncio.Event,
    stopping: asyncio.Event,
    poll_s: float = POLL_S,
    gather_s: float = 0.0,
) -> None:
    """Run `step` until `stopping`; it answers whether more may be waiting. A failed step is logged and tried again,
    after pauses that grow. After a hint it waits `gather_s`, so that what comes together is done together."""
    pause_s = 0.0
    stopped = asyncio.ensure_future(stopping.wait())
    stopped.add_done_callback(lambda _: wake.set())
    try:
        while not stopping.is_set():
            wake.clear()
            try:
                more = await step()
                pause_s = 0.0
            except Exception as fault:  # noqa: BLE001  the edge of the duty: whatever failed, the next step may succeed
                pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, pause_s * 2))
                FAILURES[name] += 1
                log.warning("duty_failed", duty=name, fault=f"{type(fault).__name__}: {fault}", pause_s=pause_s)
                await asyncio.wait([stopped], timeout=pause_s)
                continue
            if not more and not stopping.is_set():
                await _rest(wake, poll_s)
                if gather_s:
                    await asyncio.sleep(gather_s)
    finally:
        stopped.cancel()


async def _rest(wake: asyncio.Event, poll_s: float) -> None:
    """Wait for a hint, or for the moment at which all duties of this pace are due."""
    phase_s = os.getpid() * _GOLDEN % poll_s
    wait_s = poll_s - (asyncio.get_running_loop().time() + phase_s) % poll_s
    if wait_s < _HAIR_S:
        wait_s += poll_s
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await wake.wait()
