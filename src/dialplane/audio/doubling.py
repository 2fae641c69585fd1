"""From 8,000 to 16,000 samples a second, piece by piece: what telephony says becomes what G.722 takes."""

import numpy as np

from dialplane.audio.decimation import low_pass
from dialplane.audio.g711 import Samples

_FACTOR = 2


class Doubler:
    """One stream. It lags by half the filter, 2.5 ms."""

    __slots__ = ("_past", "_weights")

    def __init__(self) -> None:
        self._weights = low_pass(_FACTOR) * _FACTOR
        self._past = np.zeros(len(self._weights) - 1, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """The next samples at twice the rate."""
        spread = np.zeros(len(samples) * _FACTOR, np.float32)
        spread[::_FACTOR] = samples
        whole = np.concatenate((self._past, spread))
        self._past = whole[len(spread) :]
        heard: Samples = np.clip(np.rint(np.convolve(whole, self._weights, "valid")), -32_768, 32_767).astype(np.int16)
        return heard
