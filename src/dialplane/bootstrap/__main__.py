"""`python -m dialplane.bootstrap ROLE PARENT`: how the supervisor starts its children.

The settings stand in the environment, so there is no command line to read: what draws help and tables for people
(typer, rich) would cost each process a third of its start.
"""

import os
import sys

# structlog loads it where it finds it, for pictures of tracebacks that a log of JSON lines never shows.
sys.modules["rich"] = None  # type: ignore[assignment]

from dialplane.bootstrap.programs import launch  # noqa: E402
from dialplane.config.environment import from_environment  # noqa: E402

if __name__ == "__main__":
    role, parent = sys.argv[1:]
    sys.exit(launch(role, from_environment(os.environ), parent=int(parent)))
