"""Waiting music: a quiet progression of broken chords, composed and synthesised here, so that nobody's rights stand
against playing it. It repeats without a seam: notes that ring past the end are heard at the beginning.
"""

import numpy as np
from numpy.typing import NDArray

from dialplane.audio.g711 import RATE_HZ, Samples

_BEAT_S = 0.5
_CHORDS = (
    (48, 55, 60, 64, 67),
    (45, 52, 57, 60, 64),
    (41, 53, 57, 60, 65),
    (43, 50, 55, 59, 62),
    (48, 55, 60, 64, 72),
    (40, 52, 55, 59, 64),
    (41, 53, 57, 60, 69),
    (43, 50, 55, 62, 65),
)
"""C, Am, F, G, C, Em, F, G7: MIDI note numbers, the bass first."""
_PATTERN = (1, 2, 3, 4, 3, 2, 3, 1)
"""Which of a chord's notes sounds on each beat; the bass sounds under the first."""
_RING_S = 2.0
"""How long a plucked note is heard."""
_HARMONICS = (1.0, 0.35, 0.12)
"""Loudness of a note's partials: soft, and all below what a telephone cuts off."""
_PEAK = 7_000
"""About -13 dBFS: music on the line should not be louder than a voice."""


def waiting_music() -> Samples:
    """Thirty-two seconds, to be repeated."""
    beats = len(_CHORDS) * len(_PATTERN)
    track = np.zeros(int(beats * _BEAT_S * RATE_HZ))
    for bar, chord in enumerate(_CHORDS):
        first = bar * len(_PATTERN)
        _add(track, _note(chord[0], loudness=0.8), first)
        for beat, place in enumerate(_PATTERN):
            _add(track, _note(chord[place], loudness=0.6), first + beat)
    return np.round(track * (_PEAK / np.max(np.abs(track)))).astype(np.int16)


def _note(midi: int, *, loudness: float) -> NDArray[np.float64]:
    """A plucked string: partials that die away, the higher ones sooner."""
    frequency = 440.0 * 2 ** ((midi - 69) / 12)
    time_s = np.arange(int(_RING_S * RATE_HZ)) / RATE_HZ
    wave = np.zeros(len(time_s))
    for order, strength in enumerate(_HARMONICS, start=1):
        wave += strength * np.exp(-2.2 * order * time_s) * np.sin(2 * np.pi * frequency * order * time_s)
    attack = np.minimum(time_s / 0.01, 1.0)
    release = np.minimum((_RING_S - time_s) / 0.05, 1.0)
    return loudness * wave * attack * release


def _add(track: NDArray[np.float64], note: NDArray[np.float64], beat: int) -> None:
    places = (int(beat * _BEAT_S * RATE_HZ) + np.arange(len(note))) % len(track)
    track[places] += note
