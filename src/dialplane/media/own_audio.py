"""What a leg is sent that comes from no other party: digits, prompts, and what is fed to it, in this order."""

from collections import deque
from collections.abc import Callable, Iterator

from dialplane.domain.calling.media import PlayEnd
from dialplane.media.feed import Feed
from dialplane.media.frames import Message
from dialplane.media.playout import EventFrame, Playing
from dialplane.media.protocol import DigitsSent, FeedReached, PlayEnded


class OwnAudio:
    """Of one leg. What comes to its end goes to `report`."""

    __slots__ = ("_digits", "_digits_request", "_feed", "_leg_id", "_on_change", "_queued_digits", "_report", "playing")

    def __init__(self, leg_id: int, report: Callable[[Message], None], on_change: Callable[[], None]) -> None:
        """`on_change` is called when something is begun or has ended."""
        self._leg_id = leg_id
        self._report = report
        self._on_change = on_change
        self.playing: Playing | None = None
        self._digits: Iterator[EventFrame | bytes] | None = None
        self._digits_request = 0
        self._queued_digits: deque[tuple[int, Iterator[EventFrame | bytes]]] = deque()
        self._feed: Feed | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to be sent."""
        return self.playing is not None or self._digits is not None or self._feed is not None

    @property
    def is_steady(self) -> bool:
        """Whether nothing but the frames of `playing`, or of nobody, is to be sent until something changes."""
        return self._digits is None and self._feed is None

    def next_frame(self) -> EventFrame | bytes | None:
        """The next 20 ms, None where there is nothing."""
        frame: EventFrame | bytes | None = None
        if self._digits is not None:
            frame = next(self._digits, None)
            if frame is None:
                self._end_digits()
        if frame is None and self.playing is not None:
            frame = next(self.playing.frames, None)
            if frame is None:
                self.end_playing(PlayEnd.FINISHED)
        if frame is None and self._feed is not None:
            frame = self._next_of_feed(self._feed)
        return frame

    def play(self, playing: Playing) -> None:
        self.end_playing(PlayEnd.STOPPED)
        self.playing = playing
        self._on_change()

    def end_playing(self, how: PlayEnd) -> None:
        if self.playing is not None:
            number, self.playing = self.playing.number, None
            self._report(PlayEnded(self._leg_id, number, how))
            self._on_change()

    def send_digits(self, request: int, frames: Iterator[EventFrame | bytes]) -> None:
        """Queue digits; `request` 0 asks for no report."""
        self._queued_digits.append((request, frames))
        self._next_digits()

    def feed(self, audio: bytes) -> bool:
        """Queue audio. False where more than ten minutes would wait."""
        if self._feed is None:
            self._feed = Feed()
            self._on_change()
        return self._feed.add(audio)

    def mark_feed(self, request: int) -> None:
        if self._feed is None:
            self._report(FeedReached(self._leg_id, request))
        else:
            self._feed.mark(request)

    def clear_feed(self) -> None:
        if self._feed is not None:
            marks = self._feed.clear()
            self._feed = None
            self._reach(marks)
            self._on_change()

    def _next_of_feed(self, feed: Feed) -> bytes | None:
        frame, marks = feed.next_frame()
        self._reach(marks)
        if frame is None:
            self._feed = None
            self._on_change()
        return frame

    def _reach(self, marks: list[int]) -> None:
        for request in marks:
            self._report(FeedReached(self._leg_id, request))

    def _next_digits(self) -> None:
        if self._digits is None and self._queued_digits:
            self._digits_request, self._digits = self._queued_digits.popleft()
        self._on_change()

    def _end_digits(self) -> None:
        self._digits = None
        if self._digits_request:
            self._report(DigitsSent(self._leg_id, self._digits_request))
        self._next_digits()
