"""A duty of the worker: a step that is repeated when a hint comes, when more is waiting, and at least every second."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

POLL_S = 1.0
"""Hints may get lost; polling is the truth."""
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
"""AV-3: work goes on at most five seconds after the database came back."""

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
    while not stopping.is_set():
        wake.clear()
        try:
            more = await step()
            pause_s = 0.0
        except Exception as fault:  # noqa: BLE001  the edge of the duty: whatever failed, the next step may succeed
            pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, pause_s * 2))
            FAILURES[name] += 1
            log.warning("duty_failed", duty=name, fault=f"{type(fault).__name__}: {fault}", pause_s=pause_s)
            await _first_of(stopping, timeout_s=pause_s)
            continue
        if not more:
            await _first_of(wake, stopping, timeout_s=poll_s)
            if gather_s:
                await asyncio.sleep(gather_s)


async def _first_of(*events: asyncio.Event, timeout_s: float) -> None:
    """Wait for one of the events, at most `timeout_s`."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
