"""How hard the tests try that draw their input: a little in every run, `DIALPLANE_EFFORT` times that in `make soak`."""

import os

EFFORT = int(os.environ.get("DIALPLANE_EFFORT", "1"))
