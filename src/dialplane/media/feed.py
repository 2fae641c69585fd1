"""Audio that comes in pieces, to be played one after the other: what a media stream sends to a call."""

from collections import deque

from dialplane.audio.g711 import ULAW_SILENCE
from dialplane.domain.calling.media import LONGEST_FEED_S
from dialplane.rtp.packet import CLOCK_HZ, FRAME_SAMPLES

_MOST = LONGEST_FEED_S * CLOCK_HZ


class Feed:
    """A queue of mu-law audio with marks between."""

    __slots__ = ("_octets", "_offset", "_pieces")

    def __init__(self) -> None:
        self._pieces: deque[bytes | int] = deque()
        """Audio, and marks by their request numbers."""
        self._offset = 0
        """What has been played of the first piece."""
        self._octets = 0

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def add(self, audio: bytes) -> bool:
        """False where more than ten minutes would wait; nothing is taken then."""
        if self._octets + len(audio) > _MOST:
            return False
        if audio:
            self._pieces.append(audio)
            self._octets += len(audio)
        return True

    def mark(self, request: int) -> None:
        self._pieces.append(request)

    def clear(self) -> list[int]:
        """Drop everything. The answer: the marks in it."""
        marks = [piece for piece in self._pieces if isinstance(piece, int)]
        self._pieces.clear()
        self._offset = self._octets = 0
        return marks

    def next_frame(self) -> tuple[bytes | None, list[int]]:
        """The next 20 ms, filled up with silence where the queue ends, and the marks reached with it.

        None where no audio is left.
        """
        marks = self._reached()
        frame = b""
        while len(frame) < FRAME_SAMPLES and self._pieces:
            piece = self._pieces[0]
            assert isinstance(piece, bytes)  # marks have just been taken off
            part = piece[self._offset : self._offset + FRAME_SAMPLES - len(frame)]
            self._offset += len(part)
            self._octets -= len(part)
            frame += part
            if self._offset == len(piece):
                self._pieces.popleft()
                self._offset = 0
            marks += self._reached()
        if not frame:
            return None, marks
        return frame.ljust(FRAME_SAMPLES, bytes((ULAW_SILENCE,))), marks

    def _reached(self) -> list[int]:
        """The marks at the head of the queue, taken off."""
        marks = []
        while self._pieces and isinstance(self._pieces[0], int):
            marks.append(self._pieces.popleft())
        return [mark for mark in marks if isinstance(mark, int)]
