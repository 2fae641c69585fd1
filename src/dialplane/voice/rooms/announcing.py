"""An announcement to all in a room (Twilio's `AnnounceUrl`): its document is asked once, and all hear the same."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from dialplane.domain.errors import Refusal
from dialplane.domain.flows.run import Run
from dialplane.domain.programs.commands import (
    Answer,
    Command,
    Done,
    Failed,
    FetchDocument,
    Finish,
    Hangup,
    LeaveQueue,
    Play,
    Result,
    Say,
    Sleep,
    WriteNotification,
)
from dialplane.domain.programs.sources import DocumentSource
from dialplane.domain.rcml.context import Role
from dialplane.voice.beside import Beside
from dialplane.voice.driver import Outside
from dialplane.voice.leg import Leg
from dialplane.voice.ports import Prompt
from dialplane.voice.rooms.room import Room
from dialplane.voice.rooms.waiting_sound import sound_file

_ENDS = (Finish, Hangup, LeaveQueue)


@dataclass(frozen=True, slots=True)
class Announcer:
    """Plays into the mix what a file or a document says; other verbs have no call that they could mean."""

    beside: Beside

    async def announce(self, room: Room, leg: Leg, run: Run, source: DocumentSource) -> bool:
        """False where there is no such file or document. `leg` is somebody in the room, whom the request names."""
        try:
            if file := sound_file(source):
                await room.mix.play([await self.beside.prompts.fetch(file)])
                return True
            return await self._perform(room, leg, run, source)
        except Refusal:
            return False

    async def _perform(self, room: Room, leg: Leg, run: Run, source: DocumentSource) -> bool:
        program = await self.beside.programs.make(source, leg, run, role=Role.CALLEE)
        outside = self.beside.outside(run, 0)
        command = program.start(self.beside.now())
        while not isinstance(command, _ENDS) and not room.closed.is_set():
            command = program.resume(await self._result_of(room, outside, command), self.beside.now())
        return not program.record().error

    async def _result_of(self, room: Room, outside: Outside, command: Command) -> Result:
        prompts = self.beside.prompts
        try:
            match command:
                case Answer():
                    return Done()
                case Say():
                    speech = await prompts.say(
                        command.text,
                        language=command.language,
                        gender=command.gender,
                        voice_id=command.voice_id,
                        provider=command.provider,
                    )
                    return await _play(room, [speech], command.loop)
                case Play():
                    return await _play(room, [await prompts.fetch(url) for url in command.urls], command.loop)
                case Sleep():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(command.duration_ms / 1000):
                            await room.closed.wait()
                    return Done()
                case FetchDocument() | WriteNotification():
                    return await outside.carry_out_alone(command)
                case _:
                    return Failed("an announcement says, plays and pauses, and nothing else")
        except Refusal as refusal:
            return Failed(refusal.message)


async def _play(room: Room, prompts: list[Prompt], loop: int) -> Done:
    """As often as it is wanted; what would never end is heard once."""
    for _ in range(loop or 1):
        if not room.closed.is_set():
            await room.mix.play(prompts)
    return Done()
