"""The command `dialplane`: joins the command line to the programs, each imported only when it is the one to run."""

import sys
from importlib import import_module

from dialplane.bootstrap.process import follow_parent, set_up_logs
from dialplane.config import Settings
from dialplane.faces.cli.application import app

PROGRAMS = {
    "up": "dialplane.supervisor.up",
    "api": "dialplane.bootstrap.api",
    "voice": "dialplane.bootstrap.voice",
    "media": "dialplane.bootstrap.media",
    "worker": "dialplane.bootstrap.worker",
    "sandbox-carrier": "dialplane.bootstrap.sandbox_carrier",
    "migrate": "dialplane.bootstrap.migrate",
}
"""Each module has a `run(settings)` that gives the exit status, or None for 0. They are imported late because a
process of one role must not carry the code of the others: the media process starts in a fifth of the time."""


def launch(program: str, settings: Settings, parent: int) -> int:
    """Run the program to its end; its exit status."""
    if parent:
        follow_parent(parent)
    set_up_logs(program)
    try:
        status: int | None = import_module(PROGRAMS[program]).run(settings)
    except OSError as fault:
        print(f"dialplane: {program}: {fault}", file=sys.stderr)
        return 1
    return status or 0


def main() -> None:
    app(obj=launch)


if __name__ == "__main__":
    main()
