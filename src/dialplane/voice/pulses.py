"""A common pulse for what may come a little later, so that a busy process wakes up once for all of it.

Each wake-up finds the processor's caches filled by others. Timers that are kept to their very moments woke the voice
process for every transaction and every call on its own.
"""

from math import floor

PULSE_S = 0.02
_HAIR = 1e-6
"""Of a pulse: what rounding may make of a moment."""


def next_pulse(moment: float, *, pulses: int = 1) -> float:
    """The first pulse after `moment`, in seconds of the loop's clock, or that of every `pulses`; never `moment` itself.

    What is due by `moment` is so for certain at that pulse. The loop's clock stands still for a millisecond, so that a
    timer for the very moment may be woken by a hair too early, again and again until the clock moves on."""
    interval_s = pulses * PULSE_S
    return (floor(moment / interval_s + _HAIR) + 1) * interval_s
