"""Changing the sample rate with a windowed-sinc low-pass, so that nothing above the new half rate folds back."""

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from dialplane.audio.g711 import Samples

_ZERO_CROSSINGS = 24
"""Of the sinc on each side: about 70 dB of stop band with the Kaiser window below, 400 Hz wide at 8,000 Hz."""
_KAISER_BETA = 8.0
_PASS = 0.92
"""Where the pass band ends, of the lower half rate."""


@lru_cache(maxsize=16)
def _filter_bank(up: int, down: int) -> NDArray[np.float64]:
    """For each of the `up` phases of an output sample, the weights of its input samples."""
    scale = min(1.0, up / down) * _PASS
    half = int(np.ceil(_ZERO_CROSSINGS / scale))
    offsets = np.arange(-half + 1, half + 1)
    positions = offsets[None, :] - np.arange(up)[:, None] / up
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (positions / half) ** 2, 0, 1))) / np.i0(_KAISER_BETA)
    bank = scale * np.sinc(scale * positions) * window
    # Every phase passes a constant signal unchanged.
    normalised: NDArray[np.float64] = bank / bank.sum(axis=1, keepdims=True)
    return normalised


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """The same sound at another rate; as long, to within one sample."""
    if from_hz == to_hz or len(samples) == 0:
        return samples
    divisor = gcd(from_hz, to_hz)
    up, down = to_hz // divisor, from_hz // divisor
    bank = _filter_bank(up, down)
    half = bank.shape[1] // 2
    padded = np.concatenate((np.zeros(half - 1), samples.astype(np.float64), np.zeros(half + 1)))
    count = len(samples) * up // down
    result = np.empty(count)
    for phase in range(min(up, count)):
        # Outputs `phase, phase + up, …` share one set of weights and lie `down` input samples apart.
        outputs = np.arange(phase, count, up)
        whole, fraction = divmod(phase * down, up)
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half)[whole::down][: len(outputs)]
        result[outputs] = windows @ bank[fraction]
    return np.clip(np.round(result), -32_768, 32_767).astype(np.int16)
