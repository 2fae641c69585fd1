"""A common beat for what may come a little later, so that a busy process wakes up once for all of it.

Each wake-up finds the processor's caches filled by others. Timers that are kept to their very moments woke the voice
process for every transaction and every call on its own.
"""

from math import floor

BEAT_S = 0.02
_HAIR = 1e-6
"""Of a beat: what rounding may make of a moment."""


def next_beat(moment: float, *, beats: int = 1) -> float:
    """The first beat after `moment`, in seconds of the loop's clock, or that of every `beats`; never `moment` itself.

    What is due by `moment` is so for certain at that beat: the loop's clock stands still for a millisecond, and a timer
    for the very moment may be woken by a hair too early, again and again until the clock moves on."""
    interval_s = beats * BEAT_S
    return (floor(moment / interval_s + _HAIR) + 1) * interval_s
