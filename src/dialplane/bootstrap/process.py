"""What every process of the platform has around its work: logs, the word that it serves, and the order to stop."""

import asyncio
import ctypes
import gc
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import structlog
import uvloop
from structlog.typing import EventDict, WrappedLogger

from dialplane.bootstrap.log_lines import LogLines
from dialplane.domain.operating.log_subject import CALL

_PR_SET_PDEATHSIG = 1
_LEVELS = {"exception": "error", "warn": "warning"}


def set_up_logs(role: str, level: str = "info") -> None:
    """JSON lines on standard error, one for each event of `level` at least, with the role, the time in UTC and, where
    the line is of a call's task, the call and its account."""

    def render(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
        """All in one: a chain of processors, each of them general, cost a call 20 microseconds for its one line."""
        if event.get("exc_info"):
            event = structlog.processors.format_exc_info(logger, method, event)
        if (call := CALL.get()) is not None:
            event.setdefault("call_id", str(call[0]))
            event.setdefault("account_id", str(call[1]))
        # `log.exception` and `log.warn` are named so and are of these levels.
        event["role"], event["level"] = role, _LEVELS.get(method, method)
        event["timestamp"] = datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
        return msgspec.json.encode(event, enc_hook=str)

    lines = LogLines(sys.stderr.buffer)
    structlog.configure(
        processors=[render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_names: lines,
        cache_logger_on_first_use=True,
    )


def announce(role: str, **facts: object) -> None:
    """Say on standard output that this process serves; the supervisor, or a person, reads it."""
    print(json.dumps({"event": "ready", "role": role, "pid": os.getpid(), **facts}), flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the reader has what it waited for; later words are for the log


def follow_parent(parent: int) -> None:
    """Die with the supervisor: a killed one must leave nobody behind who holds its ports.

    `kill -9` cannot be handled, so the kernel does it (prctl(2), PR_SET_PDEATHSIG).
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died between our start and the line above
        sys.exit(1)


class Stop:
    """The order to stop: the first SIGTERM, SIGINT or SIGHUP sets `asked`, the second one `now` too."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.now = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._order)

    def _order(self) -> None:
        if self.asked.is_set():
            self.now.set()
        self.asked.set()


class _BlockEndedError(Exception):
    """Ends a group whose block is over."""


@asynccontextmanager
async def background() -> AsyncIterator[asyncio.TaskGroup]:
    """A group for tasks that have no end of their own: they are cancelled, and awaited, when the block ends."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
            raise _BlockEndedError
    except* _BlockEndedError:
        pass


def settle_memory() -> None:
    """Keep the garbage collector from what lives as long as the process, and rest longer between its rounds.

    To be called when the process serves. A busy voice process spent a fifth of its time in the collector, on objects
    that reference counting frees anyway: a batch of calls makes and drops some ten thousand of them at once, so the
    threshold stands well above that. A call that is over leaves no cycle behind, so nothing waits for a round.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)


def run_loop(work: Coroutine[object, object, None]) -> None:
    """Run the process's work to its end on uvloop."""
    uvloop.run(work)
