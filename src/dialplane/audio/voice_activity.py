"""When somebody begins to speak and when they have stopped: by energy, against a floor that follows the line's noise.

Pure: frames and times in, changes out. Good for telephone lines, where a talker is 15 dB and more above the noise.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from dialplane.audio.g711 import FRAME_SAMPLES, decode_ulaw
from dialplane.audio.listening import FULL_SCALE, SILENCE_DBFS

FRAME_MS = 20
_POWER = np.square(decode_ulaw(bytes(range(256))).astype(np.float64)) / FULL_SCALE**2
"""Of each mu-law octet."""
_LEAST_POWER = 10 ** (SILENCE_DBFS / 10)
_ABOVE_FLOOR = 10.0
"""10 dB: a fan or a street stays below, a voice does not."""
_FLOOR_RISES = 1.02
"""In a frame: a floor that has become louder is learnt in two seconds; no sentence is as long without a gap."""
_WINDOW = 5
_LOUD_OF_WINDOW = 3
"""So many of the last frames must be loud: a click is one."""


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    at_ms: int
    before: bytes
    """What was heard just before, and belongs to it: a word's first sound is often quiet."""


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    at_ms: int
    """When the last loud frame was over."""


class VoiceActivity:
    """The speech of one party. Fed with every frame in order; frames that were lost just do not come."""

    def __init__(self, *, silence_ms: int = 1_000, longest_ms: int = 60_000, pre_roll_ms: int = 300) -> None:
        """`silence_ms` of silence end speech; after `longest_ms` it is ended all the same."""
        self._silence_ms = silence_ms
        self._longest_ms = longest_ms
        self._before: deque[bytes] = deque(maxlen=max(_WINDOW, pre_roll_ms // FRAME_MS))
        self._loud: deque[bool] = deque(maxlen=_WINDOW)
        self._floor = _LEAST_POWER / _ABOVE_FLOOR
        self._began_ms: int | None = None
        self._last_loud_ms = 0

    @property
    def is_speaking(self) -> bool:
        return self._began_ms is not None

    def hear(self, at_ms: int, frame: bytes) -> SpeechBegan | SpeechEnded | None:
        """Take 20 ms of mu-law that began at `at_ms`; what changed with it."""
        is_loud = self._is_loud(frame)
        self._loud.append(is_loud)
        if self._began_ms is None:
            self._before.append(frame)
            return self._begin(at_ms) if sum(self._loud) >= _LOUD_OF_WINDOW else None
        if is_loud:
            self._last_loud_ms = at_ms + FRAME_MS
        return self.pass_time(at_ms + FRAME_MS)

    def pass_time(self, at_ms: int) -> SpeechEnded | None:
        """Nothing was heard until `at_ms`: a party that sends nothing while it is silent has ended its speech too."""
        if self._began_ms is None:
            return None
        if at_ms - self._last_loud_ms < self._silence_ms and at_ms - self._began_ms < self._longest_ms:
            return None
        self._began_ms = None
        self._loud.clear()
        return SpeechEnded(self._last_loud_ms)

    def _begin(self, at_ms: int) -> SpeechBegan:
        before = b"".join(self._before)
        self._before.clear()
        self._began_ms = max(0, at_ms - len(before) * FRAME_MS // FRAME_SAMPLES + FRAME_MS)
        self._last_loud_ms = at_ms + FRAME_MS
        return SpeechBegan(self._began_ms, before)

    def _is_loud(self, frame: bytes) -> bool:
        power = float(_POWER[np.frombuffer(frame, np.uint8)].mean()) if frame else 0.0
        self._floor = min(self._floor * _FLOOR_RISES, max(power, _LEAST_POWER / _ABOVE_FLOOR))
        return power > max(_LEAST_POWER, self._floor * _ABOVE_FLOOR)
