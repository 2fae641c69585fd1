"""Recording: what is heard and what is sent, as a WAV file that is valid at every moment."""

from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from dialplane.audio.g711 import Samples
from dialplane.audio.listening import sounding_frames
from dialplane.audio.mixing import Track, mix
from dialplane.audio.wav import WavWriter
from dialplane.rtp.packet import CLOCK_HZ, FRAME_SAMPLES

_BLOCK = CLOCK_HZ // 2
"""Samples between two writes: what a killed process may lose is less than a second. Whole frames."""
_LAG = CLOCK_HZ // 5
"""How long packets may be late before their place is written."""
_first_blocks = cycle(range(_BLOCK // 5, _BLOCK + 1, _BLOCK // 5))
"""So that recordings which begin together (a busy hour, a load test) do not write together and keep audio waiting."""


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


class Recording:
    """One running recording. Times are seconds on the caller's monotonic clock."""

    def __init__(self, wish: RecordingWish, now: float) -> None:
        """Opens the file. Raises OSError."""
        self._writer = WavWriter(wish.path, channels=2 if wish.tracks == "both" else 1)
        self._wish = wish
        self._heard = Track()
        self._sent = Track()
        self.takes_sent = wish.tracks != "heard"
        self._started = now
        self._paused_at: float | None = None
        self._is_silenced = False
        self._longest = wish.duration_s * CLOCK_HZ
        self._due = next(_first_blocks)
        """When everything up to there has settled, it is written."""
        self._taken = 0
        """Samples whose time is over: written, or left out at the beginning."""
        self._silent_ms = 0
        self._sounds_until = 0
        """Samples in the file up to the end of the last that was louder than silence."""

    @property
    def path(self) -> Path:
        return self._wish.path

    @property
    def duration_ms(self) -> int:
        return self._writer.duration_ms

    def ends_by_key(self, digit: str) -> bool:
        return digit in self._wish.end_of_key

    def put_heard(self, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: float) -> None:
        if self._paused_at is None and not self._is_silenced:
            self._heard.put(rtp_timestamp, ulaw, int((now - self._started) * CLOCK_HZ))

    def put_sent(self, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: float) -> None:
        if self._paused_at is None and self.takes_sent and not self._is_silenced:
            self._sent.put(rtp_timestamp, ulaw, int((now - self._started) * CLOCK_HZ))

    def pause(self, paused: bool, now: float, *, silent: bool = False) -> None:
        """While paused nothing is written and the time stands still; with `silent`, it goes on and holds silence."""
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

    def advance(self, now: float) -> str | None:
        """Write what is due. The answer is why the recording is over (`silence`, `duration`), None while it is not."""
        settled = self._position(now) - _LAG
        if self._longest and settled >= self._longest:
            return "duration"
        while settled >= self._due:
            self._write(self._due - self._taken)
            self._due += _BLOCK
            if self._wish.end_of_silence_s and self._silent_ms >= self._wish.end_of_silence_s * 1000:
                return "silence"
        return None

    def finish(self, now: float) -> None:
        """Write the rest and close the file. Nothing else may be called after it. Raises OSError; it is closed then."""
        end = self._position(now)
        if self._longest:
            end = min(end, self._longest)
        try:
            if end > self._taken:
                self._write(end - self._taken)
            if self._wish.trim:
                self._writer.cut(self._sounds_until)
        finally:
            self._writer.close()

    def _position(self, now: float) -> int:
        """This moment's place on the time line, in samples."""
        at = now if self._paused_at is None else self._paused_at
        return int((at - self._started) * CLOCK_HZ)

    def _write(self, count: int) -> None:
        heard, sent = self._heard.take(count), self._sent.take(count)
        self._taken += count
        channels: tuple[Samples, ...]
        match self._wish.tracks:
            case "both":
                channels = heard, sent
            case "heard":
                channels = (heard,)
            case "sent":
                channels = (sent,)
            case _:
                channels = (mix(heard, sent),)
        if self._wish.trim or self._wish.end_of_silence_s:
            channels = self._watch(channels)
        self._writer.write(*channels)

    def _watch(self, channels: tuple[Samples, ...]) -> tuple[Samples, ...]:
        """Note where there is sound. The answer: what is to be written, without the silence at the beginning."""
        sounding = [any(frame) for frame in zip(*map(sounding_frames, channels), strict=True)]
        for is_sounding in sounding:
            self._silent_ms = 0 if is_sounding else self._silent_ms + 20
        if self._wish.trim and not self._sounds_until:
            skipped = (sounding.index(True) if True in sounding else len(sounding)) * FRAME_SAMPLES
            channels = tuple(channel[skipped:] for channel in channels)
            sounding = sounding[skipped // FRAME_SAMPLES :]
        if True in sounding:
            last = len(sounding) - sounding[::-1].index(True)
            self._sounds_until = self._writer.frames + last * FRAME_SAMPLES
        return channels
