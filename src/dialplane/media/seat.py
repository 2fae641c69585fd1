"""A leg's place in a room: what it says, held back a little until its turn, and what it is to hear.

The audio of all seats lies in one board, frame beside frame, so that all rooms are mixed in one pass. Nothing here
knows legs, rooms or sockets.
"""

from collections.abc import Callable

import numpy as np

from dialplane.audio.g711 import ULAW_SILENCE
from dialplane.rtp.packet import CLOCK_HZ, FRAME_SAMPLES

_SLOTS = 16
"""Frames that each seat can hold back: 320 ms."""
_SEATS = 8_192
_RING = _SLOTS * FRAME_SAMPLES
_LEAD = FRAME_SAMPLES
"""A stream's first packet is played after the frame that is next: the second may be up to 40 ms late."""
_MOST_LATE = 6 * FRAME_SAMPLES
"""Who is late by no more is given so much more delay; what is later is lost."""
_STRAYS = 3
"""So many packets that fit nowhere within a second mean that the sender has changed its clock."""
_LOOKS = 5
"""Delay that was not needed for so many seconds is given back."""
_IDLE = CLOCK_HZ
"""Who has said nothing for a second is not mixed any more until it says something."""


class NoSeatError(Exception):
    """Every seat of the process is taken."""


class Board:
    """The audio of all seats of a process, mu-law, by frames of 20 ms."""

    def __init__(self, seats: int = _SEATS) -> None:
        self.seats = seats
        # Untouched memory costs nothing: only the rows of seats that are taken come to be.
        self.said = np.empty((_SLOTS, seats, FRAME_SAMPLES), dtype=np.uint8)
        self.said_octets = self.said.data.cast("B")
        self.heard = np.empty((seats, FRAME_SAMPLES), dtype=np.uint8)
        self.position = 0
        """Samples mixed since the beginning."""
        self._unused = 0
        self._given_back: list[int] = []

    @property
    def slot(self) -> int:
        """Of the frame that is mixed next."""
        return self.position // FRAME_SAMPLES % _SLOTS

    def take_row(self) -> int:
        """Raises NoSeatError."""
        if self._given_back:
            row = self._given_back.pop()
        elif self._unused < self.seats:
            row, self._unused = self._unused, self._unused + 1
        else:
            raise NoSeatError("no seat is free")
        self.said[:, row] = ULAW_SILENCE
        self.heard[row] = ULAW_SILENCE
        return row

    def give_back_row(self, row: int) -> None:
        self._given_back.append(row)


class Seat:
    """One seat. It forgives packets that are late, early, lost or out of order, and a sender's clock that drifts."""

    __slots__ = (
        "_board",
        "_least",
        "_looks",
        "_on_change",
        "_shift",
        "_strays",
        "_stream",
        "_until",
        "heard",
        "heard_by",
        "hears",
        "is_live",
        "leg_id",
        "lost",
        "row",
    )

    def __init__(self, board: Board, leg_id: int, on_change: Callable[[], None]) -> None:
        """`on_change` is called when the seat begins or ceases to be live. Raises NoSeatError."""
        self.leg_id = leg_id
        self.row = board.take_row()
        self.heard = board.heard[self.row].data
        """The 20 ms that the leg is to hear now."""
        self.hears: frozenset[int] | None = None
        self.heard_by: frozenset[int] | None = None
        """Leg ids; None is everybody."""
        self.is_live = False
        """Whether it says something, so that it has to be mixed."""
        self.lost = 0
        """Packets that came too late or fitted nowhere."""
        self._board = board
        self._on_change = on_change
        self._stream: object = None
        self._shift = 0
        """What has to be added to an RTP timestamp to get its position on the board, modulo 2^32."""
        self._until = 0
        self._least = _RING
        """The least time, in samples, that a packet waited for its turn lately."""
        self._looks = 0
        self._strays = 0

    def put(self, stream: object, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview) -> None:
        """Place one packet's audio. Another `stream` (an identity) is one with another clock."""
        lead = rtp_timestamp + self._shift - self._board.position & 0xFFFF_FFFF
        size = len(ulaw)
        if stream is not self._stream or lead + size > _RING:
            found = self._find_place(stream, rtp_timestamp, size, lead)
            if found is None:
                self.lost += 1
                return
            lead = found
        if lead < self._least:
            self._least = lead
        position = self._board.position + lead
        self._until = position + size
        if size == FRAME_SAMPLES and not position % FRAME_SAMPLES:
            begin = (position // FRAME_SAMPLES % _SLOTS * self._board.seats + self.row) * FRAME_SAMPLES
            self._board.said_octets[begin : begin + FRAME_SAMPLES] = ulaw
        else:
            self._put_in_parts(position, ulaw)
        if not self.is_live:
            self.is_live = True
            self._on_change()

    def say(self, frame: bytes) -> None:
        """Have a frame mixed in the very next turn (an announcement, which needs no delay)."""
        self._put_in_parts(self._board.position, frame)
        self._until = self._board.position + FRAME_SAMPLES
        if not self.is_live:
            self.is_live = True
            self._on_change()

    def look_after(self) -> None:
        """Once a second: notice that it says nothing any more, give back delay that is not needed."""
        if self.is_live and self._until <= self._board.position - _IDLE:
            self.is_live = False
            self._on_change()
        self._strays = 0
        self._looks += 1
        if self._looks >= _LOOKS:
            if 2 * FRAME_SAMPLES <= self._least < _RING:
                self._shift -= (self._least // FRAME_SAMPLES - 1) * FRAME_SAMPLES
            self._looks, self._least = 0, _RING

    def leave(self) -> None:
        """Nothing may be called after it."""
        self._board.give_back_row(self.row)

    def _find_place(self, stream: object, rtp_timestamp: int, size: int, lead: int) -> int | None:
        """For a packet that does not fit: more delay where it is a little late, a new beginning where the clock is new.

        The answer is how much later than now it is played, None where it is lost.
        """
        if size > _RING - _LEAD:
            return None
        lateness = 0x1_0000_0000 - lead
        self._strays += 1
        if stream is self._stream and lateness <= _MOST_LATE:
            more = -(-lateness // FRAME_SAMPLES) * FRAME_SAMPLES
            self._shift += more
            return more - lateness
        if stream is self._stream and self._strays < _STRAYS:
            return None
        self._stream = stream
        self._strays = 0
        self._shift = self._board.position + _LEAD - rtp_timestamp
        return _LEAD

    def _put_in_parts(self, position: int, ulaw: bytes | bytearray | memoryview) -> None:
        """For audio that is no whole frame at a frame's place."""
        done = 0
        while done < len(ulaw):
            frame, offset = divmod(position + done, FRAME_SAMPLES)
            count = min(FRAME_SAMPLES - offset, len(ulaw) - done)
            begin = (frame % _SLOTS * self._board.seats + self.row) * FRAME_SAMPLES + offset
            self._board.said_octets[begin : begin + count] = ulaw[done : done + count]
            done += count
