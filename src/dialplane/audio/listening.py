"""Judging audio: how loud it is and how long somebody speaks. For recordings that end at silence, and for test phones
that must prove what they heard.
"""

import math
from dataclasses import dataclass

import numpy as np

from dialplane.audio.g711 import FRAME_SAMPLES, RATE_HZ, Samples, decode_alaw, decode_ulaw

FULL_SCALE = 32_768.0
SILENCE_DBFS = -45.0
"""Quieter frames count as silence: line noise is at -60 dBFS and below, speech at -30 and above."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was in a piece of audio."""

    duration_ms: int
    level_dbfs: float
    """Of the whole, -inf for digital silence."""
    sounding_ms: int
    """Time in frames of 20 ms that are louder than silence."""


def level_dbfs(samples: Samples) -> float:
    """The level against full scale: 0 is the loudest square wave, -inf is digital silence."""
    if len(samples) == 0:
        return -math.inf
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return 10 * math.log10(power / FULL_SCALE**2) if power else -math.inf


def sounding_frames(samples: Samples) -> list[bool]:
    """For each whole frame of 20 ms whether it is louder than silence."""
    whole = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    power = np.mean(np.square(whole, dtype=np.float64), axis=1)
    threshold = FULL_SCALE**2 * 10 ** (SILENCE_DBFS / 10)
    return [bool(loud) for loud in power > threshold]


def listen(data: bytes, *, codec: str = "PCMU") -> Heard:
    """Judge G.711 audio as it was received."""
    return judge(decode_alaw(data) if codec == "PCMA" else decode_ulaw(data))


def judge(samples: Samples) -> Heard:
    return Heard(
        duration_ms=len(samples) * 1000 // RATE_HZ,
        level_dbfs=level_dbfs(samples),
        sounding_ms=20 * sum(sounding_frames(samples)),
    )
