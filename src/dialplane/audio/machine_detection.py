"""Who answered: a person says a word or two and waits, a machine recites its greeting, then beeps or falls silent.

Pure: it is fed the party's frames with their times and says when it knows. The limits are those that Twilio documents
for its own detection; measured from the first frame.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dialplane.audio.g711 import FRAME_SAMPLES, RATE_HZ, Samples, decode_ulaw
from dialplane.audio.listening import SILENCE_DBFS, level_dbfs

FRAME_MS = FRAME_SAMPLES * 1000 // RATE_HZ


class Answerer(StrEnum):
    HUMAN = "human"
    MACHINE_START = "machine_start"
    MACHINE_END_BEEP = "machine_end_beep"
    MACHINE_END_SILENCE = "machine_end_silence"
    FAX = "fax"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Limits:
    """All in milliseconds."""

    greeting_ms: int = 2_400
    """Who speaks longer than this, pauses left out, is a machine."""
    pause_ms: int = 1_200
    """So much silence after speech ends the greeting."""
    silence_ms: int = 5_000
    """Nothing at all for so long: nobody can tell."""
    longest_ms: int = 30_000
    end_silence_ms: int = 2_000
    """So much silence ends a machine's message."""


BEEP_MS = 160
FAX_MS = 600
_TONE_SHARE = 0.8
"""Of a frame's energy at one frequency; vowels stay under a half."""
_BEEPS_HZ = range(400, 2_001)
_FAX_HZ = (1_100, 2_100)
"""The calling tone and the answer tone of ITU-T T.30."""
_BIN_HZ = RATE_HZ // FRAME_SAMPLES


class MachineDetector:
    """One call's detection. `verdict` is None until it is known; frames after that change nothing."""

    def __init__(self, *, until_message_end: bool = False, limits: Limits | None = None) -> None:
        self.verdict: Answerer | None = None
        self._until_end = until_message_end
        self._limits = limits or Limits()
        self._now_ms = 0
        self._speech_ms = 0
        self._quiet_since_ms = 0
        self._is_machine = False
        self._tone_bin = 0
        self._tone_ms = 0

    @property
    def elapsed_ms(self) -> int:
        return self._now_ms

    def hear(self, at_ms: int, frame: bytes) -> None:
        """20 ms of mu-law that began at `at_ms`; what is missing before it was silence."""
        if self.verdict is not None:
            return
        self.wait(at_ms)
        samples = decode_ulaw(frame)
        self._now_ms = max(self._now_ms, at_ms + FRAME_MS)
        if level_dbfs(samples) > SILENCE_DBFS:
            self._listen(samples)
            self._quiet_since_ms = self._now_ms
        self._judge()

    def wait(self, now_ms: int) -> None:
        """So much time has passed without a frame."""
        if self.verdict is None and now_ms > self._now_ms:
            self._now_ms = now_ms
            self._judge()

    def _listen(self, samples: Samples) -> None:
        tone = _pure_tone_bin(samples)
        if not tone or tone != self._tone_bin:
            self._tone_bin, self._tone_ms = tone, 0
        if tone:
            self._tone_ms += FRAME_MS
        else:
            self._speech_ms += FRAME_MS

    def _judge(self) -> None:
        quiet_ms = self._now_ms - self._quiet_since_ms
        limits, tone_hz = self._limits, self._tone_bin * _BIN_HZ
        if self._tone_ms >= FAX_MS and tone_hz in _FAX_HZ and not self._speech_ms:
            self.verdict = Answerer.FAX
        elif self._is_machine:
            self._judge_end(quiet_ms, tone_hz)
        elif self._speech_ms >= limits.greeting_ms:
            self._is_machine = True
            self.verdict = None if self._until_end else Answerer.MACHINE_START
        elif self._speech_ms and quiet_ms >= limits.pause_ms:
            self.verdict = Answerer.HUMAN
        elif not self._speech_ms and quiet_ms >= limits.silence_ms:
            self.verdict = Answerer.UNKNOWN
        if self.verdict is None and self._now_ms >= limits.longest_ms:
            self.verdict = Answerer.MACHINE_END_SILENCE if self._is_machine else Answerer.UNKNOWN

    def _judge_end(self, quiet_ms: int, tone_hz: int) -> None:
        if self._tone_ms >= BEEP_MS and tone_hz in _BEEPS_HZ:
            self.verdict = Answerer.MACHINE_END_BEEP
        elif quiet_ms >= self._limits.end_silence_ms:
            self.verdict = Answerer.MACHINE_END_SILENCE


def _pure_tone_bin(samples: Samples) -> int:
    """The bin of 50 Hz that holds nearly all of the frame's energy, 0 where none does."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    power[0] = 0.0
    peak = int(np.argmax(power))
    total = float(power.sum())
    share = float(power[max(peak - 1, 1) : peak + 2].sum()) / total if total else 0.0
    return peak if share >= _TONE_SHARE else 0
