"""Tones: the beep, and DTMF as sound (ITU-T Q.23) for parties that have no telephone-event."""

import numpy as np

from dialplane.audio.g711 import RATE_HZ, Samples

BEEP_HZ = 1_000
BEEP_MS = 500

_ROWS_HZ = (697, 770, 852, 941)
_COLUMNS_HZ = (1_209, 1_336, 1_477, 1_633)
_KEYPAD = ("123A", "456B", "789C", "*0#D")
_AMPLITUDE = 8_000
"""About -12 dBFS for each tone: the level that Q.24 receivers expect, and no clipping when two are added."""
_RAMP_MS = 5
"""Tones fade in and out over this time, so that they do not click."""


def tone(frequencies_hz: tuple[int, ...], *, duration_ms: int) -> Samples:
    """The sum of sine waves."""
    count = RATE_HZ * duration_ms // 1000
    time_s = np.arange(count) / RATE_HZ
    wave = sum((np.sin(2 * np.pi * frequency * time_s) for frequency in frequencies_hz), np.zeros(count))
    ramp = min(RATE_HZ * _RAMP_MS // 1000, count // 2)
    if ramp:
        slope = np.linspace(0, 1, ramp)
        wave[:ramp] *= slope
        wave[-ramp:] *= slope[::-1]
    return np.round(wave * _AMPLITUDE).astype(np.int16)


def beep() -> Samples:
    """The tone before a recording: 1,000 Hz for half a second."""
    return tone((BEEP_HZ,), duration_ms=BEEP_MS)


def dtmf_tone(digit: str, *, duration_ms: int) -> Samples:
    """One key as sound. Raises KeyError for what is not on the keypad of sixteen keys."""
    return tone(_FREQUENCIES[digit], duration_ms=duration_ms)


_FREQUENCIES = {
    digit: (row, column)
    for row, digits in zip(_ROWS_HZ, _KEYPAD, strict=True)
    for column, digit in zip(_COLUMNS_HZ, digits, strict=True)
}
