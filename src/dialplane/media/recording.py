"""Recording one leg: what it hears and what it says, mixed into a WAV file that is valid at every moment."""

from pathlib import Path

from dialplane.audio.g711 import Samples
from dialplane.audio.listening import sounding_frames
from dialplane.audio.mixing import Track, mix
from dialplane.audio.wav import WavWriter
from dialplane.rtp.packet import CLOCK_HZ

_BLOCK = CLOCK_HZ // 2
"""Samples between two writes: what a killed process may lose is less than a second."""
_LAG = CLOCK_HZ // 5
"""How long packets may be late before their place is written."""


class Recording:
    """One running recording. Times are seconds on the caller's monotonic clock."""

    def __init__(
        self, path: Path, now: float, *, end_of_silence_s: int = 0, end_of_key: str = "", duration_s: int = 0
    ) -> None:
        """Opens the file. Raises OSError."""
        self._writer = WavWriter(path)
        self.path = path
        self.heard = Track()
        self.sent = Track()
        self._started = now
        self._silence_limit = end_of_silence_s * 1000
        self._end_keys = end_of_key
        self._longest = duration_s * CLOCK_HZ
        self._written = 0
        self._silent_ms = 0

    @property
    def duration_ms(self) -> int:
        return self._writer.duration_ms

    def position(self, now: float) -> int:
        """This moment's place on the time line, in samples."""
        return int((now - self._started) * CLOCK_HZ)

    def ends_by_key(self, digit: str) -> bool:
        return digit in self._end_keys

    def advance(self, now: float) -> str | None:
        """Write what is due. The answer is why the recording is over (`silence`, `duration`), None while it is not."""
        settled = self.position(now) - _LAG
        if self._longest and settled >= self._longest:
            return "duration"
        while settled - self._written >= _BLOCK:
            self._watch(self._write(_BLOCK))
            if self._silence_limit and self._silent_ms >= self._silence_limit:
                return "silence"
        return None

    def finish(self, now: float) -> None:
        """Write the rest and close the file. Nothing else may be called after it."""
        end = self.position(now)
        if self._longest:
            end = min(end, self._longest)
        if end > self._written:
            self._write(end - self._written)
        self._writer.close()

    def _write(self, count: int) -> Samples:
        mixed = mix(self.heard.take(count), self.sent.take(count))
        self._writer.write(mixed)
        self._written += count
        return mixed

    def _watch(self, mixed: Samples) -> None:
        for is_sounding in sounding_frames(mixed):
            self._silent_ms = 0 if is_sounding else self._silent_ms + 20
