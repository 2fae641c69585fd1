"""Carries out, on one live call, what its program asks for, one command after the other, until either ends."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from dialplane.domain.calls import HangupReason
from dialplane.domain.errors import Refusal
from dialplane.domain.programs.commands import (
    Answer,
    AskCallStatus,
    Beep,
    CallStanding,
    Command,
    Converse,
    Done,
    Echo,
    Failed,
    Finish,
    Gather,
    Hangup,
    Play,
    Result,
    RunRecord,
    Say,
    SendDigits,
    Sleep,
    StartRecording,
    StopRecording,
)
from dialplane.domain.programs.program import Program
from dialplane.domain.traces import result_fact
from dialplane.voice.assistants import talk
from dialplane.voice.leg import Leg
from dialplane.voice.ports import Prompt, Prompts

log = structlog.get_logger()


class Outside(Protocol):
    """What a program on a call needs beyond the call's own audio."""

    async def carry_out(self, leg: Leg, command: Command) -> Result:
        """What came of the command. May raise a Refusal, which counts as `Failed`."""
        ...

    async def reason_of(self, leg: Leg, command: Hangup) -> HangupReason: ...


@dataclass(frozen=True, slots=True)
class Driver:
    """One program on one leg. `run` returns when the program is over; the leg's end cancels it from outside."""

    leg: Leg
    program: Program
    prompts: Prompts
    outside: Outside
    now: Callable[[], datetime]
    report: Callable[[Leg, RunRecord], None]

    async def run(self) -> Finish | Hangup:
        """Drive to the end and hang the call up as the program's last word says. Returns that word.

        The run's end is told by the caller, once the call is over: the call's end comes first (reference 9.5).
        """
        command = self.program.start(self.now())
        while not isinstance(command, Finish | Hangup):
            self.report(self.leg, self.program.record())
            result = await self._carry_out(command)
            if type(result) is not Done:
                self.leg.note(result_fact(command, result, self.now()))
            command = self.program.resume(result, self.now())
        if isinstance(command, Hangup):
            self.leg.hang_up(await self.outside.reason_of(self.leg, command))
        else:
            if command.error:
                log.warning("run_ended_by_error", call_id=str(self.leg.call.id), error=command.error)
            self.leg.hang_up(HangupReason.NORMAL)
        return command

    async def _carry_out(self, command: Command) -> Result:
        """Refusals of what the command needs become `Failed`; the program's error rules decide what follows."""
        try:
            return await self._do(command)
        except Refusal as refusal:
            log.info(
                "command_failed",
                call_id=str(self.leg.call.id),
                command=type(command).__name__,
                reason=refusal.message,
            )
            return Failed(refusal.message)

    async def _do(self, command: Command) -> Result:
        leg = self.leg
        match command:
            case Answer():
                await leg.answer()
                return Done()
            case Say():
                speech = await self.prompts.say(
                    command.text, language=command.language, gender=command.gender, voice_id=command.voice_id
                )
                return await self._play([speech], stop_on_digit=command.stop_on_digit, wait=command.wait)
            case Play():
                files = [await self.prompts.fetch(url) for url in command.urls]
                return await self._play(files, stop_on_digit=command.stop_on_digit, wait=command.wait)
            case Beep():
                return await self._play([await self.prompts.beep()], stop_on_digit=False, wait=True)
            case Gather():
                return await leg.digits.gather(command)
            case SendDigits():
                media = await leg.media_ready()
                await media.send_digits(
                    command.digits, duration_ms=command.duration_ms, interval_ms=command.interval_ms
                )
                return Done()
            case Sleep():
                await asyncio.sleep(command.duration_ms / 1000)
                return Done()
            case Echo():
                return await self._echo(command)
            case StartRecording():
                await leg.answer()
                return await self.outside.carry_out(leg, command)
            case StopRecording():
                if leg.media is not None:
                    leg.media.stop_recording()
                return Done()
            case Converse(kind="talk"):
                await leg.answer()
                return await talk(self._carry_out, command)
            case AskCallStatus():
                return CallStanding(leg.call.status.value)
            case Hangup() | Finish():
                raise AssertionError("ends are handled by run")
            case _:
                return await self.outside.carry_out(leg, command)

    async def _play(self, prompts: list[Prompt], *, stop_on_digit: bool, wait: bool) -> Result:
        """Speech and files answer the call. A digit pressed before counts as pressed during (`digits_handle`)."""
        await self.leg.answer()
        if stop_on_digit and not self.leg.digits.is_empty:
            return Done()
        media = await self.leg.media_ready()
        playing = media.play(prompts, stop_on_digit=stop_on_digit)
        if not wait:
            self.leg.keep(playing)
            return Done()
        self.leg.stops_on_digit = stop_on_digit
        try:
            await playing
        finally:
            self.leg.stops_on_digit = False
        return Done()

    async def _echo(self, command: Echo) -> Done:
        await self.leg.answer()
        media = await self.leg.media_ready()
        media.echo(True)
        try:
            await asyncio.sleep(command.duration_ms / 1000)
        finally:
            media.echo(False)
        return Done()
