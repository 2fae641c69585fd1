"""The orders of a client about its rooms, and what rooms need now and then."""

from itertools import chain
from pathlib import Path
from typing import assert_never

import structlog

from dialplane.domain.calling.media import PlayEnd
from dialplane.media import protocol, room_protocol
from dialplane.media.connection import Connection
from dialplane.media.mixer import Mixer
from dialplane.media.playout import PromptCache
from dialplane.media.recording import RecordingWish
from dialplane.media.recordings import Recordings
from dialplane.media.room import Room

log = structlog.get_logger()


class Rooms:
    """Times are seconds on the monotonic clock."""

    def __init__(self, mixer: Mixer, prompts: PromptCache, recordings: Recordings) -> None:
        self._mixer = mixer
        self._prompts = prompts
        self._last_room = 0
        self._recordings = recordings

    def carry_out(self, order: room_protocol.RoomOrder, connection: Connection, now: float) -> None:
        """A room that is closed, or another client's, is passed over."""
        if isinstance(order, room_protocol.OpenRoom):
            self._last_room += 1
            connection.rooms[self._last_room] = self._mixer.open_room(self._last_room, connection.report)
            connection.report(room_protocol.RoomOpened(order.request, self._last_room))
            return
        room = connection.rooms.get(order.room)
        if room is None:
            if isinstance(order, room_protocol.StartRoomRecording):
                connection.report(protocol.RecordingStarted(order.request, "its room is closed"))
            return
        match order:
            case room_protocol.AddToRoom(_, leg_id, hears, heard_by):
                owned = connection.legs.get(leg_id)
                if owned is not None:
                    owned[0].enter_room(room, hears=_legs(hears), heard_by=_legs(heard_by))
            case room_protocol.RemoveFromRoom(_, leg_id):
                owned = connection.legs.get(leg_id)
                if owned is not None:
                    owned[0].leave_room(room)
            case room_protocol.PlayToRoom(_, number, paths):
                self._play(room, number, paths, connection)
            case room_protocol.StartRoomRecording():
                wish = RecordingWish(Path(order.path), tracks="heard", duration_s=order.duration_s, trim=order.trim)
                self._recordings.start(room, wish, order.request, connection.report, now)
            case room_protocol.PauseRoomRecording(_, paused, silent):
                if room.recording is not None:
                    room.recording.pause(paused, now, silent=silent)
            case room_protocol.StopRoomRecording():
                room.end_recording("stopped", now)
            case room_protocol.CloseRoom(room_id, request):
                self.close(connection, room_id, request, now)
            case _:
                assert_never(order)

    def close(self, connection: Connection, room_id: int, request: int, now: float) -> None:
        """Whoever is in it hears silence again."""
        room = connection.rooms.pop(room_id, None)
        if room is None:
            return
        for seat in room.seats():
            owned = connection.legs.get(seat.leg_id)
            if owned is not None:
                owned[0].leave_room(room)
        room.close(now)
        self._mixer.close_room(room)
        connection.report(room_protocol.RoomClosed(room_id, request))

    def _play(self, room: Room, number: int, paths: list[str], connection: Connection) -> None:
        try:
            prompts = [self._prompts.load(path) for path in paths]
        except OSError as error:
            log.warning("prompt_unreadable", error=str(error))
            connection.report(room_protocol.RoomPlayEnded(room.room_id, number, PlayEnd.STOPPED))
            return
        room.announce(number, chain.from_iterable(prompts))


def _legs(ids: list[int] | None) -> frozenset[int] | None:
    return None if ids is None else frozenset(ids)
