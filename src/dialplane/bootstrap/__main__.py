"""`python -m dialplane.bootstrap ROLE PARENT`: how the supervisor starts its children.

The settings stand in the environment, so there is no command line to read: what draws help and tables for people
(typer, rich) would cost each process a third of its start.
"""

import os
import sys

from dialplane.bootstrap.programs import launch
from dialplane.config import from_environment

if __name__ == "__main__":
    role, parent = sys.argv[1:]
    sys.exit(launch(role, from_environment(os.environ), parent=int(parent)))
