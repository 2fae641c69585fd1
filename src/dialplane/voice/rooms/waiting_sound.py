"""What somebody hears who waits: for a conference to begin, on hold, in a queue. Music, silence, a file, or a program
that begins again whenever it is over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import structlog

from dialplane.domain.errors import Refusal
from dialplane.domain.flows.run import Run
from dialplane.domain.programs.commands import WriteNotification
from dialplane.domain.programs.rooms import Waiting
from dialplane.domain.programs.sources import DocumentSource, ProgramSource
from dialplane.domain.rcml.answers import WAITING_FAILED
from dialplane.domain.rcml.context import Role
from dialplane.voice.beside import Beside, BesideEnd
from dialplane.voice.leg import Leg
from dialplane.voice.ports import Prompts

_SOUND_FILES = (".wav", ".mp3")
SHORTEST_TURN_S = 1.0
"""A program that is over at once is not asked for again sooner: its server would be asked without a pause."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the waiting program is told: variables for flows, parameters for documents."""

    variables: dict[str, str]
    parameters: tuple[tuple[str, str], ...] = ()


async def no_facts() -> Facts:
    return Facts({})


@dataclass(frozen=True, slots=True)
class WaitingSound:
    """Plays it until cancelled; the canceller stops what still plays (`MediaLeg.stop_playing`)."""

    prompts: Prompts
    beside: Beside

    async def play(
        self,
        leg: Leg,
        run: Run,
        sound: ProgramSource | Waiting,
        facts: Callable[[], Awaitable[Facts]] = no_facts,
    ) -> BesideEnd:
        """Returns where a program wants to leave the queue or to hang up, or the call is over; else never."""
        try:
            if sound is Waiting.MUSIC:
                await self._music(leg)
            elif sound is not Waiting.SILENCE:
                return await self._program(leg, run, sound, facts)
        except Refusal as refusal:
            log.info("waiting_sound_failed", call_id=str(leg.call.id), reason=refusal.message)
            if isinstance(sound, DocumentSource):
                fault = WriteNotification(WAITING_FAILED, refusal.message, request_url=sound.url, request_method="GET")
                await self.beside.note(leg, run, fault)
        await leg.ended.wait()
        return BesideEnd.CALL_OVER

    async def once(self, leg: Leg, run: Run, sound: ProgramSource) -> BesideEnd:
        """A file or a program, from beginning to end."""
        if file := sound_file(sound):
            media = await leg.media_ready()
            await media.play([await self.prompts.fetch(file)])
            return BesideEnd.FINISHED
        return await self.beside.run(leg, sound, run, role=Role.CALLEE)

    async def _music(self, leg: Leg) -> None:
        media = await leg.media_ready()
        await media.play([await self.prompts.music()], loop=True)

    async def _program(
        self, leg: Leg, run: Run, sound: ProgramSource, facts: Callable[[], Awaitable[Facts]]
    ) -> BesideEnd:
        if file := sound_file(sound):
            media = await leg.media_ready()
            await media.play([await self.prompts.fetch(file)], loop=True)
            return BesideEnd.CALL_OVER
        loop = asyncio.get_running_loop()
        while True:
            began, told = loop.time(), await facts()
            source = sound
            if isinstance(sound, DocumentSource):
                source = replace(sound, parameters=(*sound.parameters, *told.parameters))
            end = await self.beside.run(leg, source, replace(run, variables={**run.variables, **told.variables}))
            if end is not BesideEnd.FINISHED:
                return end
            await asyncio.sleep(max(0.0, began + SHORTEST_TURN_S - loop.time()))


def sound_file(sound: ProgramSource) -> str:
    """The address where it is a file and no program; "" else (Restcomm's `waitUrl` may be a WAV)."""
    if not isinstance(sound, DocumentSource) or not urlsplit(sound.url).path.lower().endswith(_SOUND_FILES):
        return ""
    return sound.url
