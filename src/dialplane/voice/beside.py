"""A second program on a leg, beside or before its own: what a callee hears before it is joined (whisper), and what is
heard while somebody waits in a room or a queue."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dialplane.domain.flows.run import Run
from dialplane.domain.programs.commands import Hangup, LeaveQueue, RunRecord, WriteNotification
from dialplane.domain.programs.sources import ProgramSource
from dialplane.domain.rcml.context import Role
from dialplane.voice.driver import Driver, LastWord, Outside
from dialplane.voice.leg import Leg
from dialplane.voice.ports import Prompts
from dialplane.voice.programs import Programs


class BesideEnd(StrEnum):
    """How the second program ended. The leg is as it left it: nothing is hung up."""

    FINISHED = "finished"
    HANGUP = "hangup"
    """It wants the call to be hung up; that is for the caller to do."""
    LEFT = "left"
    """`LeaveQueue`."""
    CALL_OVER = "call over"


@dataclass(frozen=True, slots=True)
class Beside:
    """Runs second programs on legs of this node."""

    programs: Programs
    prompts: Prompts
    outside: Callable[[Run, int], Outside]
    now: Callable[[], datetime]

    async def run(self, leg: Leg, source: ProgramSource, run: Run, *, role: Role = Role.WAITING) -> BesideEnd:
        """Run `source` on `leg` to its end, in the name of `run`, whose record does not show it. `role` is what a
        document is for.

        Cancelling it stops what it plays and leaves the leg as it is. The end of the leg ends it. Raises the Refusal
        where there is no such program.
        """
        program = await self.programs.make(source, leg, run, role=role)
        outside = self.outside(run, 0)
        driver = Driver(leg, program, self.prompts, outside, self.now, _tell_nobody, beside=True)
        word = await _until_the_end(leg, driver)
        if leg.is_ended:
            return BesideEnd.CALL_OVER
        if isinstance(word, Hangup):
            return BesideEnd.HANGUP
        return BesideEnd.LEFT if isinstance(word, LeaveQueue) else BesideEnd.FINISHED

    async def note(self, leg: Leg, run: Run, fault: WriteNotification) -> None:
        """Keep a fault of what was to be heard, where the owner of `run` looks for it."""
        await self.outside(run, 0).carry_out(leg, fault)


async def _until_the_end(leg: Leg, driver: Driver) -> LastWord:
    """The program's last word. The leg's end ends its command; what needs no call it may still do."""
    driving = asyncio.ensure_future(driver.drive())
    ended = asyncio.ensure_future(leg.ended.wait())
    try:
        await asyncio.wait((driving, ended), return_when=asyncio.FIRST_COMPLETED)
        if not driving.done():
            driving.cancel()
        return await driving
    finally:
        ended.cancel()
        driving.cancel()


def _tell_nobody(leg: Leg, record: RunRecord) -> None:
    """The run's record is that of the leg's own program."""
