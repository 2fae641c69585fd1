"""A coroutine that dies at its n-th wait, as its process or its client could."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class StopsAt(Generic[T]):
    """Await it to run `inner`, which is cancelled where it waits for the `step`-th time (from 0).

    `waits` is how often it has waited so far.
    """

    def __init__(self, inner: Coroutine[Any, Any, T], step: int) -> None:
        self._inner = inner
        self._step = step
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, T]:
        inner = self._inner.__await__()
        try:
            waits_for = next(inner)
            while True:
                if self.waits == self._step and waits_for is not None:
                    waits_for.cancel()
                self.waits += 1
                try:
                    yield waits_for
                except asyncio.CancelledError as stop:
                    waits_for = inner.throw(stop)
                else:
                    waits_for = inner.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
