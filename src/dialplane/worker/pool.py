"""Claimed work carried out by a bounded number of tasks, each of which ends alone if it fails."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger()


class Pool:
    """Tasks of `owner`, which must outlive it. `freed` is set whenever one has ended."""

    def __init__(self, owner: asyncio.TaskGroup, size: int, freed: asyncio.Event) -> None:
        self._owner = owner
        self._size = size
        self._freed = freed
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def room(self) -> int:
        return self._size - len(self._tasks)

    def start(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        """Carry `work` out. What it raises is logged: its lease brings it up again."""
        task = self._owner.create_task(self._carry_out(name, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Wait until everything has ended."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _carry_out(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception:
            log.exception("work_failed", work=name)
        finally:
            self._freed.set()
