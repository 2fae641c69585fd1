"""Mixing: every 20 ms each room's members are added up, and each gets the sum without itself (N-1).

All rooms of a group are mixed in one pass of numpy over some 300 members, which is what fits the processor's caches.
Who says nothing is not mixed: a silent room costs nothing, a listener gets the sum of its room.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from dialplane.audio.g711 import ULAW_SILENCE, expand_ulaw, saturate_to_ulaw
from dialplane.media.frames import Message
from dialplane.media.room import ANNOUNCER, Room
from dialplane.media.seat import Board, Seat
from dialplane.rtp.packet import FRAME_SAMPLES

_GROUP_SEATS = 300

Rows = NDArray[np.intp]


class Mixer:
    """All rooms of a process. Times are seconds on the caller's monotonic clock."""

    def __init__(self) -> None:
        self._board: Board | None = None
        """Made with the first room."""
        self.groups: list[Group] = []
        self._rooms: dict[Room, Group] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def open_room(self, room_id: int, report: Callable[[Message], None]) -> Room:
        if self._board is None:
            self._board = Board()
        group = next((group for group in self.groups if group.seats < _GROUP_SEATS), None)
        if group is None:
            group = Group(self._board)
            self.groups.append(group)
        room = Room(room_id, self._board, group.change, report)
        group.rooms[room] = None
        self._rooms[room] = group
        return room

    def close_room(self, room: Room) -> None:
        """Its seats are to be left before."""
        group = self._rooms.pop(room)
        del group.rooms[room]
        group.change()

    def step(self) -> None:
        """All groups have mixed their 20 ms: on to the next."""
        if self._board is not None:
            self._board.position += FRAME_SAMPLES

    def look_after(self) -> None:
        """Once a second."""
        for room in self._rooms:
            for seat in room.seats():
                seat.look_after()


class Group:
    """Rooms that are mixed in one pass."""

    def __init__(self, board: Board) -> None:
        self.rooms: dict[Room, None] = {}
        self._board = board
        self._plan = _Plan(())
        self._is_stale = False

    @property
    def seats(self) -> int:
        return sum(len(room) for room in self.rooms)

    def change(self) -> None:
        """Somebody came, went, began or ceased to say something: before the next mix there is to be a new plan."""
        self._is_stale = True

    def mix(self, now: float) -> None:
        """Make of what all seats say now what each is to hear now."""
        for room in self.rooms:
            if room.announces:
                room.say_announcement()
        if self._is_stale:
            self._is_stale = False
            self._plan = _Plan(tuple(self.rooms))
            for room in self._plan.silent:
                for seat in room.seats():
                    self._board.heard[seat.row] = ULAW_SILENCE
        plan = self._plan
        if plan.sounding:
            self._add_up(plan, now)
        for coached in plan.coached:
            coached.mix(self._board, now)

    def _add_up(self, plan: "_Plan", now: float) -> None:
        board = self._board
        frames = board.said[board.slot]
        said = expand_ulaw(frames.take(plan.speakers, axis=0))
        frames[plan.speakers] = ULAW_SILENCE
        sums = np.add.reduceat(said, plan.firsts, axis=0)
        others = sums.repeat(plan.counts, axis=0)
        others -= said
        board.heard[plan.speakers] = saturate_to_ulaw(others)
        if plan.needs_sums:
            heard_by_all = saturate_to_ulaw(sums)
            board.heard[plan.listeners] = heard_by_all[plan.room_of_listener]
            for room, frame in zip(plan.sounding, heard_by_all, strict=True):
                if room.recording is not None:
                    room.recording.put_heard(board.position & 0xFFFF_FFFF, frame.tobytes(), now)


class _Plan:
    """Which rows are added up, and who hears which sum."""

    def __init__(self, rooms: tuple[Room, ...]) -> None:
        self.silent = [room for room in rooms if not room.is_live]
        self.coached = [_Coached(room) for room in rooms if room.is_live and room.is_restricted]
        self.sounding = [room for room in rooms if room.is_live and not room.is_restricted]
        speakers = [[seat.row for seat in room.seats() if seat.is_live] for room in self.sounding]
        listeners = [[seat.row for seat in room.seats() if not seat.is_live] for room in self.sounding]
        self.speakers = _rows(row for rows in speakers for row in rows)
        self.counts = _rows(map(len, speakers))
        """Of each room's speakers."""
        self.firsts: Rows = np.cumsum(self.counts) - self.counts
        """Where each room's speakers begin among all."""
        self.listeners = _rows(row for rows in listeners for row in rows)
        self.room_of_listener = _rows(index for index, rows in enumerate(listeners) for _ in rows)
        self.needs_sums = bool(len(self.listeners)) or any(room.recording is not None for room in self.sounding)


class _Coached:
    """A room in which not everybody hears everybody: who hears whom is a matrix."""

    def __init__(self, room: Room) -> None:
        self._room = room
        speakers = [seat for seat in room.seats() if seat.is_live]
        hearers = list(room.seats())
        self._speakers = _rows(seat.row for seat in speakers)
        self._hearers = _rows(seat.row for seat in hearers)
        self._weights = np.array([[_hears(hearer, seat) for seat in speakers] for hearer in hearers], dtype=np.float64)
        self._public = np.array([seat.heard_by is None for seat in speakers], dtype=np.float64)

    def mix(self, board: Board, now: float) -> None:
        frames = board.said[board.slot]
        said = expand_ulaw(frames.take(self._speakers, axis=0)).astype(np.float64)  # for sums in whole numbers, exact
        frames[self._speakers] = ULAW_SILENCE
        board.heard[self._hearers] = saturate_to_ulaw((self._weights @ said).astype(np.intp))
        if self._room.recording is not None:
            public = saturate_to_ulaw((self._public @ said).astype(np.intp))
            self._room.recording.put_heard(board.position & 0xFFFF_FFFF, public.tobytes(), now)


def _hears(hearer: Seat, speaker: Seat) -> bool:
    return (
        hearer is not speaker
        and (hearer.hears is None or speaker.leg_id in hearer.hears or speaker.leg_id == ANNOUNCER)
        and (speaker.heard_by is None or hearer.leg_id in speaker.heard_by)
    )


def _rows(numbers: Iterable[int]) -> Rows:
    return np.fromiter(numbers, dtype=np.intp)
