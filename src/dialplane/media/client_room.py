"""The call runtime's end of one room of the media process."""

import contextlib
from pathlib import Path

from dialplane.domain.calling.media import PlayEnd, Prompt, RecordingEnd
from dialplane.domain.errors import Unavailable
from dialplane.media import protocol, room_protocol
from dialplane.media.client_leg import AnyLeg
from dialplane.media.orders import Orders, OwnRecording, PlayEnds


class MediaClientRoom:
    """One room, as its runtime holds it. See the port `MediaRoom` for the promises.

    When the room is lost (the media process died, or its mix failed), whatever waits ends as after `close`.
    """

    def __init__(self, client: Orders, room_id: int) -> None:
        self.room_id = room_id
        self._client = client
        self._plays = PlayEnds()
        self._recording = OwnRecording(client)
        self._is_gone = False

    def add(self, leg: AnyLeg, *, hears: frozenset[int] | None = None, heard_by: frozenset[int] | None = None) -> None:
        self._send(room_protocol.AddToRoom(self.room_id, leg.leg_id, _listed(hears), _listed(heard_by)))

    def remove(self, leg: AnyLeg) -> None:
        self._send(room_protocol.RemoveFromRoom(self.room_id, leg.leg_id))

    async def play(self, prompts: list[Prompt]) -> PlayEnd:
        """`STOPPED` where the room was closed before the end, or a prompt cannot be read."""
        if self._is_gone:
            return PlayEnd.STOPPED
        number = self._client.next_request()
        self._send(room_protocol.PlayToRoom(self.room_id, number, [str(prompt.path) for prompt in prompts]))
        return await self._plays.wait(number)

    async def start_recording(self, path: Path, *, duration_s: int = 0, trim: bool = False) -> None:
        """Raises Unavailable where the file cannot be opened or the room is gone."""
        if self._is_gone:
            raise Unavailable("the room is closed")
        request = self._client.next_request()
        order = room_protocol.StartRoomRecording(self.room_id, request, str(path), duration_s, trim)
        await self._recording.start(order)

    def pause_recording(self, paused: bool, *, silent: bool = False) -> None:
        self._send(room_protocol.PauseRoomRecording(self.room_id, paused, silent))

    def stop_recording(self) -> None:
        self._send(room_protocol.StopRoomRecording(self.room_id))

    async def wait_recording(self) -> RecordingEnd:
        """The end of the recording that was started last. Raises Unavailable where none was started."""
        return await self._recording.wait()

    async def close(self) -> None:
        if not self._is_gone:
            request = self._client.next_request()
            with contextlib.suppress(Unavailable):  # then it is gone all the same
                await self._client.ask(room_protocol.CloseRoom(self.room_id, request), request, self)

    def take(self, report: room_protocol.RoomReport) -> None:
        """A report about this room, from the client that owns the socket."""
        match report:
            case room_protocol.RoomPlayEnded(_, number, how):
                self._plays.tell(number, how)
            case room_protocol.RoomClosed():
                self.end()
            case _:
                pass

    def end(self) -> None:
        """The room is gone: end whatever waits for it."""
        self._is_gone = True
        self._plays.close()

    def _send(self, order: protocol.Order) -> None:
        if not self._is_gone:
            self._client.send(order)


def _listed(leg_ids: frozenset[int] | None) -> list[int] | None:
    return None if leg_ids is None else sorted(leg_ids)
