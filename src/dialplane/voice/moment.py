"""Something that happens once in a call's life."""

import asyncio
from typing import Protocol


class Happening(Protocol):
    """What can be waited for: a `Moment`, or an `asyncio.Event`."""

    def is_set(self) -> bool: ...

    async def wait(self) -> object: ...


class Moment:
    """An `asyncio.Event` that is never cleared, and that keeps nothing until somebody waits: a leg has three, and in
    most calls nobody waits for more than one."""

    __slots__ = ("_has_come", "_waiting")

    def __init__(self) -> None:
        self._has_come = False
        self._waiting: list[asyncio.Future[None]] | None = None

    def is_set(self) -> bool:
        return self._has_come

    def set(self) -> None:
        self._has_come = True
        waiting, self._waiting = self._waiting, None
        for each in waiting or ():
            if not each.done():
                each.set_result(None)

    async def wait(self) -> None:
        """Until it has come."""
        if self._has_come:
            return
        come: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._waiting is None:
            self._waiting = []
        self._waiting.append(come)
        try:
            await come
        finally:
            if self._waiting is not None:  # given up
                self._waiting.remove(come)
