"""Recording: what is heard and what is sent, on one time line, handed on in blocks to whoever keeps the file."""

from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Protocol

from dialplane.audio.mixing import Track
from dialplane.rtp.packet import CLOCK_HZ

BLOCK = CLOCK_HZ // 2
"""Samples that are handed on at once: what a killed process may lose is less than a second. Whole frames."""
_LAG = CLOCK_HZ // 5
"""How long packets may be late before their place is handed on."""
_first_blocks = cycle(range(BLOCK // 5, BLOCK + 1, BLOCK // 5))
"""So that recordings which begin together (a busy hour, a load test) are not handed on together."""


@dataclass(frozen=True, slots=True)
class RecordingWish:
    """What is to be recorded, and what ends it. 0 and "" are: nothing does."""

    path: Path
    tracks: str = "mixed"
    """`mixed`; `both`: what is heard left, what is sent right; `heard` or `sent` alone."""
    end_of_silence_s: int = 0
    end_of_key: str = ""
    duration_s: int = 0
    trim: bool = False

    @property
    def takes_sent(self) -> bool:
        return self.tracks != "heard"


class Tape(Protocol):
    """Where a recording goes: never waits, never fails; what goes wrong behind it is told another way."""

    def write(self, heard: bytes, sent: bytes) -> None:
        """Append mu-law of both directions; `sent` is empty where only what is heard is wished."""
        ...

    def finish(self) -> None:
        """Nothing follows."""
        ...


class Recording:
    """One running recording. Times are seconds on the caller's monotonic clock."""

    def __init__(self, wish: RecordingWish, now: float, tape: Tape) -> None:
        self.wish = wish
        self._tape = tape
        self._heard = Track()
        self._sent = Track()
        self.takes_sent = wish.takes_sent
        self.ended_by = ""
        """Why it is over, once it is."""
        self._started = now
        self._paused_at: float | None = None
        self._is_silenced = False
        self._longest = wish.duration_s * CLOCK_HZ
        self._due = next(_first_blocks)
        """When everything up to there has settled, it is handed on."""
        self._taken = 0
        """Samples that were handed on."""

    def ends_by_key(self, digit: str) -> bool:
        return digit in self.wish.end_of_key

    def put_heard(self, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: float) -> None:
        if self._paused_at is None and not self._is_silenced:
            self._heard.put(rtp_timestamp, ulaw, int((now - self._started) * CLOCK_HZ))

    def put_sent(self, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: float) -> None:
        if self._paused_at is None and self.takes_sent and not self._is_silenced:
            self._sent.put(rtp_timestamp, ulaw, int((now - self._started) * CLOCK_HZ))

    def pause(self, paused: bool, now: float, *, silent: bool = False) -> None:
        """While paused nothing is recorded and the time stands still; with `silent`, it goes on and holds silence."""
        if paused and silent:
            self._is_silenced = True
        elif paused and self._paused_at is None:
            self._paused_at = now
        elif not paused:
            self._go_on(now)

    def _go_on(self, now: float) -> None:
        self._is_silenced = False
        if self._paused_at is not None:
            self._started += now - self._paused_at
            self._paused_at = None
            self._heard.go_on()
            self._sent.go_on()

    def advance(self, now: float) -> bool:
        """Hand on what has settled. False: it is as long as wished."""
        settled = self._position(now) - _LAG
        if self._longest and settled >= self._longest:
            return False
        while settled >= self._due:
            self._hand_on(self._due)
            self._due += BLOCK
        return True

    def finish(self, ended_by: str, now: float) -> None:
        """Hand on the rest, but of silence that ended it there was enough. Nothing else may be called after it."""
        self.ended_by = ended_by
        end = self._taken if ended_by == "silence" else self._position(now)
        if self._longest:
            end = min(end, self._longest)
        while self._taken < end:
            self._hand_on(min(end, self._taken + BLOCK))
        self._tape.finish()

    def _position(self, now: float) -> int:
        """This moment's place on the time line, in samples."""
        at = now if self._paused_at is None else self._paused_at
        return int((at - self._started) * CLOCK_HZ)

    def _hand_on(self, until: int) -> None:
        count = until - self._taken
        self._taken = until
        self._tape.write(self._heard.take(count), self._sent.take(count) if self.takes_sent else b"")
