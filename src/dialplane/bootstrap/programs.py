"""Which module runs which program, and how one is started."""

import gc
import sys
from importlib import import_module
from types import ModuleType

from dialplane.bootstrap.process import follow_parent, set_up_logs
from dialplane.config.settings import Settings
from dialplane.config.values import SettingError

PROGRAMS = {
    "up": "dialplane.supervisor.up",
    "api": "dialplane.bootstrap.api",
    "voice": "dialplane.bootstrap.voice",
    "media": "dialplane.bootstrap.media",
    "smpp": "dialplane.bootstrap.smpp",
    "worker": "dialplane.bootstrap.worker",
    "sandbox-carrier": "dialplane.bootstrap.sandbox_carrier",
    "first-start": "dialplane.supervisor.first_start",
    "migrate": "dialplane.bootstrap.migrate",
    "backup": "dialplane.supervisor.backup",
    "restore": "dialplane.supervisor.restore",
}
"""Each module has a `run(settings)`, which takes beside them what a program that does one thing is to do it with, and
gives the exit status, or None for 0. It is imported when it is the one to run, and by the nursery, which has all that
`up` runs."""
ROLES = ("media", "voice", "worker", "smpp", "api", "sandbox-carrier")
"""What `up` runs as processes of their own."""
FIRST_START = "first-start"
"""What it runs to its end before them."""


def launch(program: str, settings: Settings, *, parent: int = 0, **arguments: str) -> int:
    """Run the program to its end; its exit status. Where `parent` is a process id, die with that process.
    `arguments` are for programs that do one thing and end."""
    if parent:
        follow_parent(parent)
    set_up_logs(program, settings.log_level)
    try:
        status: int | None = load(program).run(settings, **arguments)
    except SettingError as fault:
        print(f"dialplane: {fault}", file=sys.stderr)
        return 2
    except OSError as fault:
        print(f"dialplane: {program}: {fault}", file=sys.stderr)
        return 1
    return status or 0


def load(program: str) -> ModuleType:
    """The program's module, imported without the garbage collector: a tenth of the start went into its rounds, over
    classes and functions that stay as long as the process."""
    gc.disable()
    try:
        return import_module(PROGRAMS[program])
    finally:
        gc.enable()
