"""Carries out, on one live call, what its program asks for, one command after the other.

The end of the call ends the running command; the program hears of it (`CallOver`) and goes on with what needs no call.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.calling.traces import result_fact
from dialplane.domain.errors import Refusal
from dialplane.domain.programs.commands import (
    Answer,
    AskCallStatus,
    Beep,
    Block,
    CallOver,
    CallStanding,
    Command,
    Converse,
    Dial,
    DialQueue,
    Done,
    Echo,
    Failed,
    Finish,
    Gather,
    Hangup,
    JoinConference,
    JoinQueue,
    LeaveQueue,
    Mute,
    Play,
    Record,
    ReferTo,
    Result,
    RunRecord,
    Say,
    SendDigits,
    Sleep,
    StartRecording,
    StopRecording,
)
from dialplane.domain.programs.program import Program
from dialplane.domain.values import dataclass
from dialplane.voice.assistants import talk
from dialplane.voice.gathering import gather
from dialplane.voice.leg import Leg
from dialplane.voice.ports import MediaLeg, PlayEnd, Prompt, Prompts

AFTER_CALL_S = 30.0
"""How long a program may go on after its call."""
LastWord = Finish | Hangup | LeaveQueue
_ENDS = (Finish, Hangup)
_DONE = Done()
_TELL_HOW_THEY_ENDED = (Dial, DialQueue, JoinConference, JoinQueue, Record, ReferTo)
"""Commands that watch for the call's end themselves, so that the program hears what came of them."""

log = structlog.get_logger()


class Outside(Protocol):
    """What a program on a call needs beyond the call's own audio."""

    async def carry_out(self, leg: Leg, command: Command) -> Result:
        """What came of the command. May raise a Refusal, which counts as `Failed`."""
        ...

    async def carry_out_alone(self, command: Command) -> Result:
        """The same for a program whose call is over; what needs a call is `Failed`. Nothing is raised."""
        ...

    async def reason_of(self, leg: Leg, command: Hangup) -> HangupReason: ...


@dataclass(frozen=True, slots=True)
class Driver:
    """One program on one leg. Cancelling it before the call's end leaves the call as it is."""

    leg: Leg
    program: Program
    prompts: Prompts
    outside: Outside
    now: Callable[[], datetime]
    report: Callable[[Leg, RunRecord], None]
    beside: bool = False
    """Another program's command runs this one (`voice/beside.py`): `LeaveQueue` is a last word, and the call's end is
    told from there."""

    async def run(self) -> LastWord:
        """Drive to the end and hang the call up as the program's last word says. Returns that word.

        The run's end is told by the caller, once the call is over: the call's end comes first (reference 9.5).
        """
        command = await self.drive()
        if isinstance(command, Hangup):
            reason = await self.outside.reason_of(self.leg, command)
            self.leg.hang_up(reason, sip_code=command.sip_code, sip_reason=command.sip_reason)
        elif isinstance(command, Finish):
            if command.error:
                log.warning("run_ended_by_error", call_id=str(self.leg.call.id), error=command.error)
            self.leg.hang_up(HangupReason.NORMAL)
        return command

    async def drive(self) -> LastWord:
        """Drive to the program's last word, and leave the call as it is then."""
        command = self.program.start(self.now())
        while not self._is_last(command):
            self.report(self.leg, self.program.record())
            result = await self._result_of(command)
            if type(result) is not Done:
                self._note(command, result)
            command = self.program.resume(result, self.now())
            if isinstance(result, CallOver):
                return await self._go_on_alone(command)
        return command  # type: ignore[return-value]  # _is_last says so

    def _note(self, command: Command, result: Result) -> None:
        happened = result.result if isinstance(result, CallOver) else result
        if happened is not None:
            self.leg.note(result_fact(command, happened, self.now()))

    def _is_last(self, command: Command) -> bool:
        return isinstance(command, _ENDS) or (self.beside and isinstance(command, LeaveQueue))

    async def _result_of(self, command: Command) -> Result:
        leg = self.leg
        if not self.beside:
            leg.finishes_itself = isinstance(command, _TELL_HOW_THEY_ENDED)
        try:
            result: Result | None = await self._carry_out(command)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not leg.is_ended or task is None:
                raise
            task.uncancel()  # the end of the call meant the command, and not the program
            result = None
        finally:
            if not self.beside:
                leg.finishes_itself = False
        return CallOver(result) if leg.is_ended or result is None else result

    async def _go_on_alone(self, command: Command) -> LastWord:
        """What the program wants now that its call is over."""
        if isinstance(command, _ENDS):
            return command
        try:
            async with asyncio.timeout(AFTER_CALL_S):
                while not isinstance(command, _ENDS):
                    self.report(self.leg, self.program.record())
                    command = self.program.resume(await self.outside.carry_out_alone(command), self.now())
        except TimeoutError:
            return Finish(f"limit: {AFTER_CALL_S:g} seconds after the call")
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
            return Failed(refusal.message, refusal.field)

    async def _do(self, command: Command) -> Result:
        leg = self.leg
        match command:
            case Answer():
                await leg.answer()
            case Sleep():
                await leg.context.deadlines.sleep(command.duration_ms / 1000)
            case Say() | Play() | Beep() | SendDigits() | Echo():
                return await self._sound(command)
            case Gather() if command.speech is None:
                return await gather(leg, command, self._carry_out)
            case Mute():
                await leg.mute(command.direction)
            case AskCallStatus():
                return CallStanding(leg.call.status.value)
            case Block():
                await leg.blocked()
            case LeaveQueue():
                return Failed("the call waits in no queue")
            case StartRecording():
                await leg.answer()
                return await self.outside.carry_out(leg, command)
            case StopRecording():
                if leg.media is not None:
                    leg.media.stop_recording()
            case Converse(kind="talk"):
                await leg.answer()
                return await talk(self._carry_out, command)
            case Hangup() | Finish():
                raise AssertionError("ends are handled by run")
            case _:
                return await self.outside.carry_out(leg, command)
        return _DONE

    async def _sound(self, command: Say | Play | Beep | SendDigits | Echo) -> Result:
        """What the party is to hear."""
        match command:
            case Say():
                speech = await self.prompts.say(
                    command.text,
                    language=command.language,
                    gender=command.gender,
                    voice_id=command.voice_id,
                    provider=command.provider,
                )
                return await self._play(
                    [speech], stop_on_digit=command.stop_on_digit, wait=command.wait, loop=command.loop
                )
            case Play():
                files = [await self.prompts.fetch(url) for url in command.urls]
                return await self._play(
                    files, stop_on_digit=command.stop_on_digit, wait=command.wait, loop=command.loop
                )
            case Beep():
                return await self._play([await self.prompts.beep()], stop_on_digit=False, wait=True)
            case SendDigits():
                media = await self.leg.media_ready()
                await media.send_digits(
                    command.digits, duration_ms=command.duration_ms, interval_ms=command.interval_ms
                )
                return _DONE
            case Echo():
                return await self._echo(command)

    async def _play(self, prompts: list[Prompt], *, stop_on_digit: bool, wait: bool, loop: int = 1) -> Result:
        """Speech and files answer the call. A digit pressed before counts as pressed during (`digits_handle`)."""
        await self.leg.answer()
        if stop_on_digit and not self.leg.digits.is_empty:
            return Done()
        media = await self.leg.media_ready()
        if loop == 1:
            playing = media.play(prompts, stop_on_digit=stop_on_digit)
        else:
            playing = _play_again(media, prompts, stop_on_digit=stop_on_digit, loop=loop)
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


async def _play_again(media: MediaLeg, prompts: list[Prompt], *, stop_on_digit: bool, loop: int) -> PlayEnd:
    """Play `loop` times; 0 is until something ends it."""
    if not any(prompt.duration_ms for prompt in prompts):
        return PlayEnd.FINISHED
    if loop == 0:
        return await media.play(prompts, stop_on_digit=stop_on_digit, loop=True)
    end = PlayEnd.FINISHED
    for _ in range(loop):
        end = await media.play(prompts, stop_on_digit=stop_on_digit)
        if end is not PlayEnd.FINISHED:
            break
    return end
