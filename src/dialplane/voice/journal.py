"""The journal: every change of every call on its way to the store, in order, in batches.

A call never waits for the store once it was let in. While the store is away the changes stay here, in order, and are
written when it is back (AV-3); the calls go on meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog

from dialplane.voice.batching import Dense, Pace
from dialplane.voice.patience import until_kept

Change = TypeVar("Change")

MAX_BATCH = 1_000
PAUSE_S = 0.1
"""Batches begin at least this far apart; a change after a quiet time is written at once."""
DENSE = Dense(range(32, 200), pause_s=0.32)
"""Of changes, of which a call has some five. Fewer are a quiet node's, whose calls are to be seen at once; more are a
batch that is large enough."""
MAX_WAITING = 200_000
"""Some ten minutes of changes at 100 calls a second; beyond it the node stops taking calls (`is_full`)."""

log = structlog.get_logger()


class Journal(Generic[Change]):
    """A queue with one writer. `run` must be going in a task of the owner."""

    def __init__(self, write: Callable[[Sequence[Change]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: deque[Change] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._pace = Pace(PAUSE_S, dense=DENSE)

    @property
    def is_full(self) -> bool:
        """Whether new calls must be refused, because what happens to them could not be kept."""
        return len(self._waiting) >= MAX_WAITING

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def add(self, change: Change) -> None:
        if not self._waiting:
            self._idle.clear()
            self._wake.set()
        self._waiting.append(change)

    async def drained(self) -> None:
        """Wait until everything that was added is in the store."""
        await self._idle.wait()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            await self._pace.wait(self._waiting)
            batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
            if not self._waiting:
                self._wake.clear()
            await self._write_until_it_is_kept(batch)
            if not self._waiting:
                self._idle.set()

    async def _write_until_it_is_kept(self, batch: Sequence[Change]) -> None:
        try:
            await until_kept(lambda: self._write(batch), changes=len(batch))
        except Exception:
            if len(batch) == 1:
                log.exception("journal_change_refused", change=repr(batch[0])[:500])
                return
            for change in batch:
                await self._write_until_it_is_kept([change])
