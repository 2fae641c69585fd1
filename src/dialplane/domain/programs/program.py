"""The one interface of both languages towards the runtimes."""

from datetime import datetime
from typing import Protocol

from dialplane.domain.programs.commands import Command, Result, RunRecord


class Program(Protocol):
    """A pure machine. It holds no clock, socket or task; the same inputs give the same commands."""

    def start(self, now: datetime) -> Command:
        """The first command. Called once."""
        ...

    def resume(self, result: Result, now: datetime) -> Command:
        """The next command, after the last one ended with `result`. Never called after `Hangup` or `Finish`.

        `CallOver` says that the call is gone: what comes after it needs no call, and leads to `Finish` soon.
        """
        ...

    def set_variables(self, variables: dict[str, str]) -> None:
        """Facts from the runtime (`voipbin.call.id`, …), before the start or while running."""
        ...

    def record(self) -> RunRecord:
        """Where the run stands now."""
        ...
