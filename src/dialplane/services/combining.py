"""Grouping of work that costs a commit, for processes that have no loop of their own for it.

What arrives while one batch is on its way makes the next batch: at low load a batch holds one item and nothing waits.
(`voice/batching.py` does the same at a pace, under the runtime that owns it.)
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary, ref

from dialplane.domain.errors import Unavailable
from dialplane.services.transaction import Database

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


class Together(Generic[Item, Outcome]):
    """Does what many callers ask of a store by batches, each of them one call of `carry`.

    A batch that fails is done again one by one: the fault of one item is no matter of the others. `lanes` batches are
    under way at once, so that this process works on one while the store writes the other; items of one lane keep their
    order. What an item alone raises reaches its caller, but for `tried_again`, after which it is done once more.
    """

    def __init__(
        self,
        carry: Callable[[Database, Sequence[Item]], Awaitable[Sequence[Outcome | Exception]]],
        *,
        limit: int,
        lanes: int = 1,
        tried_again: tuple[type[Exception], ...] = (),
    ) -> None:
        self._carry = carry
        self._limit = limit
        self._lanes = lanes
        self._tried_again = tried_again
        self._combiners: WeakKeyDictionary[Database, list[Combiner[Item, Outcome]]] = WeakKeyDictionary()
        """Of each store that this process has."""

    async def submit(self, database: Database, item: Item, *, lane: int = 0) -> Outcome:
        """Wait for the outcome of `item`. Those of one `lane`, which may be any number, are done in the order of the
        calls."""
        combiners = self._combiners.get(database)
        if combiners is None:
            carry = self._carrying(database)
            combiners = [Combiner(carry, limit=self._limit) for _ in range(self._lanes)]
            self._combiners[database] = combiners
        return await combiners[lane % self._lanes].submit(item)

    def _carrying(self, database: Database) -> Callable[[Sequence[Item]], Awaitable[Sequence[Outcome | Exception]]]:
        """What a combiner does with a batch. It does not keep the store alive, which it is found by."""
        held = ref(database)

        async def carry(items: Sequence[Item]) -> Sequence[Outcome | Exception]:
            store = held()
            if store is None:
                raise Unavailable("The store is gone")
            try:
                return await self._carry(store, items)
            except Unavailable:
                raise
            except Exception as fault:
                if len(items) == 1 and not isinstance(fault, self._tried_again):
                    raise
            return [await self._alone(store, item) for item in items]

        return carry

    async def _alone(self, database: Database, item: Item) -> Outcome | Exception:
        try:
            return (await self._carry(database, [item]))[0]
        except Exception as fault:  # noqa: BLE001  its owner gets it
            return fault
