"""The ringing tone that a caller hears, by country: frequencies and cadences after ITU-T E.180, supplement 2.

Where a country's networks differ among themselves, the cadence is the one that the supplement names first.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dialplane.audio.g711 import RATE_HZ, Samples
from dialplane.audio.tones import tone


@dataclass(frozen=True, slots=True)
class RingingTone:
    frequencies_hz: tuple[int, ...]
    """Sounded together."""
    cadence_ms: tuple[int, ...]
    """Tone, pause, tone, pause …; then from the beginning."""
    modulation_hz: int = 0
    """The tone swells and fades so often a second; 0: it does not."""


_USUAL = RingingTone((425,), (1_000, 4_000))
_BRITISH_MS = (400, 200, 400, 2_000)
_BRITISH = RingingTone((400, 450), _BRITISH_MS)
_NORTH_AMERICAN = RingingTone((440, 480), (2_000, 4_000))

RINGING: Mapping[str, RingingTone] = {
    **dict.fromkeys(
        ("ar", "bg", "br", "ch", "cz", "de", "dk", "ee", "fi", "gr", "it", "lt", "mx", "nl", "no", "pl", "ve"), _USUAL
    ),
    **dict.fromkeys(("gb", "ie", "nz", "uk"), _BRITISH),
    **dict.fromkeys(("ca", "us"), _NORTH_AMERICAN),
    "at": RingingTone((420,), (1_000, 5_000)),
    "au": RingingTone((413, 438), _BRITISH_MS),
    "be": RingingTone((425,), (1_000, 3_000)),
    "cl": RingingTone((400,), (1_000, 3_000)),
    "cn": RingingTone((450,), (1_000, 4_000)),
    "es": RingingTone((425,), (1_500, 3_000)),
    "fr": RingingTone((440,), (1_500, 3_500)),
    "hk": RingingTone((440, 480), (400, 200, 400, 3_000)),
    "hu": RingingTone((425,), (1_250, 3_750)),
    "il": RingingTone((400,), (1_000, 3_000)),
    "in": RingingTone((400,), _BRITISH_MS, modulation_hz=25),
    "jp": RingingTone((400,), (1_000, 2_000), modulation_hz=16),
    "kr": RingingTone((440, 480), (1_000, 2_000)),
    "my": RingingTone((425,), _BRITISH_MS),
    "ph": RingingTone((425, 480), (1_000, 4_000)),
    "pt": RingingTone((425,), (1_000, 5_000)),
    "ru": RingingTone((425,), (800, 3_200)),
    "se": RingingTone((425,), (1_000, 5_000)),
    "sg": RingingTone((425,), _BRITISH_MS, modulation_hz=24),
    "th": RingingTone((400,), (1_000, 4_000)),
    "tr": RingingTone((450,), (2_000, 4_000)),
    "tw": RingingTone((440, 480), (1_000, 2_000)),
    "us-old": RingingTone((420,), (2_000, 4_000), modulation_hz=40),
    "za": RingingTone((400,), _BRITISH_MS, modulation_hz=33),
}
"""By ISO 3166 code in lower case, and the names that Twilio's `ringTone` has beside them (`uk`, `us-old`)."""


def ringing_cadence(ringing: RingingTone) -> Samples:
    """One cadence, to be repeated."""
    parts = []
    for place, duration_ms in enumerate(ringing.cadence_ms):
        sounds = place % 2 == 0
        parts.append(_sounding(ringing, duration_ms) if sounds else np.zeros(_count(duration_ms), np.int16))
    return np.concatenate(parts)


def _sounding(ringing: RingingTone, duration_ms: int) -> Samples:
    samples = tone(ringing.frequencies_hz, duration_ms=duration_ms)
    if not ringing.modulation_hz:
        return samples
    time_s = np.arange(len(samples)) / RATE_HZ
    swell = (1 + np.sin(2 * np.pi * ringing.modulation_hz * time_s)) / 2
    return np.round(samples * swell).astype(np.int16)


def _count(duration_ms: int) -> int:
    return RATE_HZ * duration_ms // 1000
