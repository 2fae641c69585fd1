"""One conference on this node: its mix, who is in it, and what each of them hears. No rows, no requests: those are
`conferences`, which reports what happens here."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from dialplane.domain.flows.run import Run
from dialplane.domain.ids import CallId
from dialplane.domain.programs.rooms import JoinConference, Waiting
from dialplane.domain.programs.sources import ProgramSource
from dialplane.domain.rooms.conferences import Conference, EndReason, Participant, has_started
from dialplane.voice.leg import Leg
from dialplane.voice.ports import MediaRoom, Prompts
from dialplane.voice.rooms.speakers import Speaker
from dialplane.voice.rooms.waiting_sound import WaitingSound

Leaving = Literal["left", "removed", "ended", "timeout"]


@dataclass(slots=True, eq=False)
class Member:
    """Somebody in a room."""

    leg: Leg
    run: Run
    command: JoinConference
    participant: Participant
    beeps_on_exit: bool
    hold_sound: ProgramSource | Waiting = Waiting.MUSIC
    why: Leaving = "left"
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    speaker: Speaker | None = None
    """Listens whether it speaks, where somebody wants to know."""
    sound: "asyncio.Task[object] | None" = None
    """What it hears by itself: while it waits, or on hold."""

    @property
    def starts(self) -> bool:
        return self.participant.starts

    def leave(self, why: Leaving) -> None:
        """Let it go; the first reason counts."""
        if not self.gone.is_set():
            self.why = why
            self.gone.set()


class Room:
    """See the module. One at a time changes it (`lock`), so that what happens is told in its order."""

    def __init__(
        self,
        conference: Conference,
        mix: MediaRoom,
        *,
        prompts: Prompts,
        waiting: WaitingSound,
        spawn: Callable[[Coroutine[Any, Any, Any]], None],
    ) -> None:
        self.conference = conference
        self.mix = mix
        self.members: dict[CallId, Member] = {}
        self.has_started = False
        self.is_recorded = False
        self.lock = asyncio.Lock()
        self.sequence = 0
        self.announced: set[str] = set()
        self.closes: EndReason = ""
        self.closed = asyncio.Event()
        """Why it is being closed for all."""
        self.timer: asyncio.TimerHandle | None = None
        self._prompts = prompts
        self._waiting = waiting
        self._spawn = spawn

    def put_in(self, member: Member) -> bool:
        """Somebody comes. True: the talk begins with that, for all who waited."""
        self.members[member.leg.call.id] = member
        begins = not self.has_started and has_started(self.members.values())
        self.has_started = self.has_started or begins
        for each in self.members.values() if begins else (member,):
            self.place(each)
        if not begins:
            self._place_coaches()
        return begins

    def take_out(self, member: Member) -> None:
        """Somebody goes; its leg hears nothing of the room any more."""
        self.members.pop(member.leg.call.id, None)
        _stop_sound(member)
        if member.speaker is not None:
            member.speaker.close()
        if member.leg.media is not None:
            self.mix.remove(member.leg.media)

    def place(self, member: Member) -> None:
        """Let it hear, and be heard by, whom it should now."""
        media = member.leg.media
        if media is None or member.leg.is_ended:
            return
        if not self.has_started or member.participant.hold:
            self.mix.remove(media)
            self._let_wait(member)
            return
        _stop_sound(member)
        self.mix.add(media, heard_by=self._heard_by(member))

    def _heard_by(self, member: Member) -> frozenset[int] | None:
        """None: by everybody."""
        if member.participant.muted:
            return frozenset()
        coached = member.participant.coached_call_id
        if coached is None:
            return None
        other = self.members.get(CallId(coached))
        return frozenset({other.leg.media.leg_id} if other and other.leg.media else ())

    def _place_coaches(self) -> None:
        """Whom they speak to may have come only now."""
        for each in self.members.values():
            if each.participant.coached_call_id is not None:
                self.place(each)

    def _let_wait(self, member: Member) -> None:
        sound = member.hold_sound if member.participant.hold else member.command.waiting
        _stop_sound(member)
        member.sound = asyncio.ensure_future(self._waiting.play(member.leg, member.run, sound))

    def beep(self) -> None:
        """Heard by all who are in the mix."""
        if self.has_started:
            self._spawn(self._beep())

    async def _beep(self) -> None:
        await self.mix.play([await self._prompts.beep()])

    def end(self, closes: EndReason) -> None:
        """Let everybody go."""
        self.closes = self.closes or closes
        for member in list(self.members.values()):
            member.leave("ended")

    async def close(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.closed.set()
        await self.mix.close()


def _stop_sound(member: Member) -> None:
    if member.sound is not None:
        member.sound.cancel()
        member.sound = None
        if member.leg.media is not None and not member.leg.is_ended:
            member.leg.media.stop_playing()
