"""Carries out programs that have no call: runs started by the API, and inbound messages.

The media commands need a live call; a flow program never sends them on these media, and a program that does all the
same is told that they failed. Nothing here waits on anything but the ports.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from dialplane.domain.programs.commands import Command, Finish, Hangup, Result, RunRecord
from dialplane.domain.programs.program import Program

LONGEST_RUN_S = 600.0
"""Wall time of one run without a call (IN-3): some forty fetches that all use up their time."""


class RunnerPorts(Protocol):
    """What such a run may do outside."""

    async def carry_out(self, command: Command) -> Result:
        """What came of the command; refusals and faults are `Failed`, nothing is raised."""
        ...

    async def progress(self, record: RunRecord) -> bool:
        """Keep and tell where the run stands. False: somebody has stopped the run."""
        ...


async def run_program(
    program: Program, ports: RunnerPorts, clock: Callable[[], datetime], *, timeout_s: float = LONGEST_RUN_S
) -> RunRecord:
    """Drive `program` to its end and return its last record.

    Each change of the record goes to `ports.progress`, the end too. A run that takes longer than `timeout_s`, or that
    somebody stopped, ends where it stands; its record then says so.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await _drive(program, ports, clock)
    except TimeoutError:
        ended = _broken_off(program.record(), f"limit: {timeout_s:g} seconds")
        await ports.progress(ended)
        return ended


async def _drive(program: Program, ports: RunnerPorts, clock: Callable[[], datetime]) -> RunRecord:
    command = program.start(clock())
    while True:
        record = program.record()
        wanted = await ports.progress(record)
        if isinstance(command, Hangup | Finish):
            return record
        if not wanted:
            return _broken_off(record, "stopped")
        command = program.resume(await ports.carry_out(command), clock())


def _broken_off(record: RunRecord, error: str) -> RunRecord:
    return RunRecord(
        record.current_action, None, record.executed_actions, ended=True, error=error, variables=record.variables
    )
