"""Grouping of work that costs a commit, for processes that have no loop of their own for it.

What arrives while one batch is on its way makes the next batch: at low load a batch holds one item and nothing waits.
(`voice/batching.py` does the same at a pace, under the runtime that owns it.)
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Combiner(Generic[Item, Outcome]):
    """Hands items to `carry` in batches of at most `limit`, one batch at a time, in the order of their arrival.

    `carry` gives an outcome, or the exception that it is, for each item; what it raises is raised to every caller of
    the batch.
    """

    def __init__(
        self, carry: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome | Exception]]], *, limit: int
    ) -> None:
        self._carry = carry
        self._limit = limit
        self._waiting: list[tuple[Item, asyncio.Future[Outcome]]] = []
        self._task: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Outcome:
        """Wait for the outcome of `item`. A cancelled caller does not take its item back."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            outcomes: Sequence[Outcome | Exception]
            try:
                outcomes = await self._carry([item for item, _ in batch])
            except asyncio.CancelledError:
                for _, future in [*batch, *self._waiting]:
                    future.cancel()
                raise
            except Exception as fault:  # noqa: BLE001  the items' owners get it; the loop goes on for the others
                outcomes = [fault] * len(batch)
            except BaseException as fault:  # the process ends, and nobody is to wait for what will not come
                for _, future in [*batch, *self._waiting]:
                    if not future.done():
                        future.set_exception(fault)
                raise
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if future.done():
                    continue
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
