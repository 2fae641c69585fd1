"""One room: who is in it, what is announced to all, and its recording."""

from collections import deque
from collections.abc import Callable, Iterator

from dialplane.domain.calling.media import PlayEnd
from dialplane.media.frames import Message
from dialplane.media.recording import Recording
from dialplane.media.room_protocol import RoomPlayEnded
from dialplane.media.seat import Board, Seat

ANNOUNCER = 0
"""The leg id of the seat that announcements come from."""


class Room:
    """Times are seconds on the monotonic clock. What happens to it goes to `report`."""

    def __init__(
        self, room_id: int, board: Board, on_change: Callable[[], None], report: Callable[[Message], None]
    ) -> None:
        self.room_id = room_id
        self.recording: Recording | None = None
        self._board = board
        self._on_change = on_change
        self._report = report
        self._seats: dict[int, Seat] = {}
        self._announcements: deque[tuple[int, Iterator[bytes]]] = deque()

    def __len__(self) -> int:
        return len(self._seats)

    def seats(self) -> list[Seat]:
        return list(self._seats.values())

    @property
    def is_live(self) -> bool:
        """Whether anybody says anything."""
        return any(seat.is_live for seat in self._seats.values())

    @property
    def is_restricted(self) -> bool:
        """Whether not everybody hears everybody."""
        return any(seat.hears is not None or seat.heard_by is not None for seat in self._seats.values())

    def add(self, leg_id: int, *, hears: frozenset[int] | None, heard_by: frozenset[int] | None) -> Seat:
        """Give the leg a seat, or change the one that it has. Raises NoSeatError."""
        seat = self._seats.get(leg_id)
        if seat is None:
            seat = self._seats[leg_id] = Seat(self._board, leg_id, self._on_change)
        seat.hears, seat.heard_by = hears, heard_by
        self._on_change()
        return seat

    def remove(self, leg_id: int) -> None:
        seat = self._seats.pop(leg_id, None)
        if seat is not None:
            seat.leave()
            self._on_change()

    # --- announcements ---------------------------------------------------------------------------------------------

    @property
    def announces(self) -> bool:
        return bool(self._announcements)

    def announce(self, number: int, frames: Iterator[bytes]) -> None:
        """Queue frames that everybody is to hear. Raises NoSeatError."""
        if ANNOUNCER not in self._seats:
            self.add(ANNOUNCER, hears=None, heard_by=None)
        self._announcements.append((number, frames))

    def say_announcement(self) -> None:
        """Have the next 20 ms mixed."""
        while self._announcements:
            number, frames = self._announcements[0]
            frame = next(frames, None)
            if frame is not None:
                self._seats[ANNOUNCER].say(frame)
                return
            self._announcements.popleft()
            self._report(RoomPlayEnded(self.room_id, number, PlayEnd.FINISHED))

    # --- recording -------------------------------------------------------------------------------------------------

    def start_recording(self, recording: Recording, now: float) -> None:
        self.end_recording("stopped", now)
        self.recording = recording
        self._on_change()

    def end_recording(self, ended_by: str, now: float) -> None:
        recording, self.recording = self.recording, None
        if recording is not None:
            recording.finish(ended_by, now)
            self._on_change()

    def close(self, now: float) -> None:
        """End everything. The legs are the caller's to take out of it before."""
        self.end_recording("closed", now)
        self.remove(ANNOUNCER)
        while self._announcements:
            number, _ = self._announcements.popleft()
            self._report(RoomPlayEnded(self.room_id, number, PlayEnd.STOPPED))
