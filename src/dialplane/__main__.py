"""The command `dialplane`: hands the command line the programs that it can start."""

import sys
from importlib import import_module

from dialplane.bootstrap.programs import PROGRAMS, launch
from dialplane.faces.cli.application import app


def main() -> None:
    if not sys.argv[1:] or sys.argv[1] not in PROGRAMS:
        # The phone brings audio and speech along, which no server's start should wait for.
        import_module("dialplane.faces.cli.tools").add_tools(app)
    app(obj=launch)


if __name__ == "__main__":
    main()
