"""What legs and rooms of a client share: giving orders, and waiting for what they have begun to end."""

import asyncio
from pathlib import Path
from typing import Protocol, TypeVar

from dialplane.audio.wav import duration_ms_of
from dialplane.domain.calling.media import PlayEnd, RecordingEnd
from dialplane.domain.errors import Unavailable
from dialplane.media import protocol, room_protocol

_START_TIMEOUT_S = 10.0
"""For the disk to make a file."""

T = TypeVar("T")


class Orders(Protocol):
    advertised_host: str
    recordings: "RecordingEnds"

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
    """What a client's recordings will come to, by file. A file may be finished when its leg or room is long gone."""

    def __init__(self) -> None:
        self._ends: dict[Path, asyncio.Future[RecordingEnd]] = {}

    def expect(self, path: Path) -> "asyncio.Future[RecordingEnd]":
        """To be called before the order is given: the end may be in the same read as the start."""
        self._ends[path] = asyncio.get_running_loop().create_future()
        return self._ends[path]

    def forget(self, path: Path) -> None:
        """It was not begun."""
        self._ends.pop(path, None)

    def tell(self, end: RecordingEnd) -> None:
        resolve(self._ends.pop(end.path, None), end)

    def close(self) -> None:
        """The process is gone: what runs has ended with what is in the file."""
        for path in list(self._ends):
            self.tell(RecordingEnd(path, "closed", duration_ms_of(path)))


class OwnRecording:
    """The recording of one leg or room: the one that was started last, if any was."""

    def __init__(self, client: Orders) -> None:
        self._client = client
        self._end: asyncio.Future[RecordingEnd] | None = None

    async def start(self, order: protocol.StartRecording | room_protocol.StartRoomRecording) -> None:
        """Raises Unavailable where the file cannot be opened, or its leg or room had ended before.

        One that ends meanwhile ends the recording like any other: the answer still comes, from the recorder.
        """
        ends, path = self._client.recordings, Path(order.path)
        end = ends.expect(path)
        try:
            answer = await self._client.ask(order, order.request, None, timeout_s=_START_TIMEOUT_S)
            assert isinstance(answer, protocol.RecordingStarted)
            if answer.failure:
                raise Unavailable(f"recording cannot be opened: {answer.failure}")
        except Unavailable:
            ends.forget(path)
            raise
        self._end = end

    async def wait(self) -> RecordingEnd:
        """Raises Unavailable where none was started."""
        if self._end is None:
            raise Unavailable("nothing is being recorded")
        return await asyncio.shield(self._end)


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
