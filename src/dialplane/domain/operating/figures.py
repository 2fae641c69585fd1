"""What a process counts of its own work, to be read when somebody looks. Counting costs an addition and no lock."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

TALK_BOUNDS_S = (1.0, 5.0, 15.0, 30.0, 60.0, 180.0, 600.0, 1_800.0, 3_600.0)
ANSWER_BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
LAG_BOUNDS_S = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 1.0)
"""AV-5 asks for 20 ms in 99 of 100, and for an alarm at 200 ms; both are bounds, so that they can be read off."""


class Spread:
    """A histogram: how many values fell up to each bound, and what they add up to."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds` ascend; values above the last one are counted too."""
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def cumulated(self) -> Iterator[tuple[float, int]]:
        """Each bound with the number of values up to it; the last bound is infinite and has all."""
        so_far = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            so_far += count
            yield bound, so_far
