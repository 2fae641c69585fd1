"""How hard the tests try, and how long they wait."""

import os
from pathlib import Path

EFFORT = int(os.environ.get("DIALPLANE_EFFORT", "1"))
"""Tests that draw their input try a little in every run, and this many times that in `make soak`."""
PATIENCE_S = 60.0
"""For what has to happen. A test that passes never waits so long, and a slow or busy machine is no failure."""


def business() -> float:
    """How many programs want each core, at least 1.

    A promise in seconds is that of a machine with nothing else to do, and beside one test others start platforms."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def held_up_s() -> float:
    """How long this thread has been ready and waited for a core that others had (proc(5), schedstat); 0 where the
    kernel does not count it."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def full(usual: int, asked_for: int) -> int:
    """How often to do something whose count the requirement names: that in `make soak`, `usual` in every run."""
    return usual if EFFORT == 1 else asked_for
