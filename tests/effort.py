"""How hard the tests try, and how long they wait."""

import os

EFFORT = int(os.environ.get("DIALPLANE_EFFORT", "1"))
"""Tests that draw their input try a little in every run, and this many times that in `make soak`."""
PATIENCE_S = 60.0
"""For what has to happen. A test that passes never waits so long, and a slow or busy machine is no failure."""


def business() -> float:
    """How many programs want each core, at least 1.

    A promise in seconds is that of a machine with nothing else to do, and beside one test others start platforms."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def full(usual: int, asked_for: int) -> int:
    """How often to do something whose count the requirement names: that in `make soak`, `usual` in every run."""
    return usual if EFFORT == 1 else asked_for
