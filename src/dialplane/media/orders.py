"""What legs and rooms of a client share: giving orders, and waiting for what they have begun to end."""

import asyncio
from pathlib import Path
from typing import Protocol, TypeVar

from dialplane.audio.wav import duration_ms_of
from dialplane.domain.errors import Unavailable
from dialplane.domain.media import PlayEnd, RecordingEnd
from dialplane.media import protocol

T = TypeVar("T")


class Orders(Protocol):
    advertised_host: str

    def next_request(self) -> int:
        """A number that no other order has."""
        ...

    def send(self, order: protocol.Order) -> None:
        """Write with the next turn of the loop; quietly nowhere while the process is away."""
        ...

    async def ask(
        self, order: protocol.Order, request: int, owner: object, *, timeout_s: float | None = ...
    ) -> protocol.Report:
        """Send an order and wait for its answer. `owner`: the leg or room whose end ends the waiting.

        Raises Unavailable where no answer comes.
        """
        ...


class RecordingEnds:
    """The ends of a leg's or a room's recordings, by file: waited for by whoever keeps account of them."""

    def __init__(self) -> None:
        self._ends: dict[Path, asyncio.Future[RecordingEnd]] = {}
        """The last one is the running or finished one that `wait` is about."""

    def expect(self, path: Path) -> None:
        """To be called before the order is given: the end may be in the same read as the start."""
        self._ends[path] = asyncio.get_running_loop().create_future()

    def check(self, path: Path, failure: str) -> None:
        """Raises Unavailable where the file could not be opened."""
        if failure:
            del self._ends[path]
            raise Unavailable(f"recording cannot be opened: {failure}")

    def tell(self, path: Path, ended_by: str, duration_ms: int) -> None:
        resolve(self._ends.get(path), RecordingEnd(path, ended_by, duration_ms))

    async def wait(self) -> RecordingEnd:
        """The end of the recording that was started last. Raises Unavailable where none was started."""
        if not self._ends:
            raise Unavailable("nothing is being recorded")
        return await asyncio.shield(list(self._ends.values())[-1])

    def close(self) -> None:
        """The process is gone: what runs has ended with what is in the file."""
        for path, end in self._ends.items():
            if not end.done():
                end.set_result(RecordingEnd(path, "closed", duration_ms_of(path)))


class PlayEnds:
    """The ends of what is played, by number."""

    def __init__(self) -> None:
        self._ends: dict[int, asyncio.Future[PlayEnd]] = {}

    async def wait(self, number: int) -> PlayEnd:
        """To be called in the same turn of the loop as the order is given."""
        end: asyncio.Future[PlayEnd] = asyncio.get_running_loop().create_future()
        self._ends[number] = end
        try:
            return await end
        finally:
            self._ends.pop(number, None)

    def tell(self, number: int, how: str) -> None:
        resolve(self._ends.get(number), PlayEnd(how))

    def close(self) -> None:
        for end in self._ends.values():
            resolve(end, PlayEnd.STOPPED)


def resolve(waiting: "asyncio.Future[T] | None", result: T) -> None:
    """Give a future its result, where somebody still waits for it."""
    if waiting is not None and not waiting.done():
        waiting.set_result(result)
