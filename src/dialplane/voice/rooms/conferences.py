"""`JoinConference` on this node, and the orders about conferences: who is in a room, told to store and callbacks.

The node of the first who enters a conference mixes it until the last has left (docs/decisions/0023).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog

from dialplane.domain.errors import LimitExceeded, Refusal
from dialplane.domain.flows.facts import conference_facts, stay_facts
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import ConferenceId, FlowId, RecordingId
from dialplane.domain.programs.rooms import ConferenceLeft, JoinConference, Waiting
from dialplane.domain.programs.sources import DocumentSource, FlowSource, HttpMethod
from dialplane.domain.recording.recordings import RecordingSource
from dialplane.domain.rooms.conferences import (
    LONGEST_S,
    Conference,
    EndReason,
    Participant,
    beeps_on_entry,
    beeps_on_exit,
    ends_for_all,
)
from dialplane.services.recording.recordings import get_recording
from dialplane.services.rooms.conference_rooms import MixedElsewhere, enter, joined, left
from dialplane.services.rooms.conferences import get_conference
from dialplane.services.transaction import Database
from dialplane.voice.beside import BesideEnd
from dialplane.voice.leg import Leg
from dialplane.voice.orders import Order
from dialplane.voice.patience import carried_through, until_kept
from dialplane.voice.ports import Media, Prompts
from dialplane.voice.rooms.announcing import Announcer
from dialplane.voice.rooms.conference_callbacks import RoomEvent, is_wanted, parameters
from dialplane.voice.rooms.room import Member, Room
from dialplane.voice.rooms.room_recordings import RoomRecordings
from dialplane.voice.rooms.speakers import Speaker
from dialplane.voice.rooms.waiting_sound import WaitingSound

log = structlog.get_logger()


class Teller(Protocol):
    """Has a conference's status callback told something, one thing after the other."""

    async def tell(self, conference: Conference, parameters: tuple[tuple[str, str], ...], now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Conferences:
    """The rooms of this node."""

    database: Database
    media: Media
    prompts: Prompts
    waiting: WaitingSound
    recordings: RoomRecordings
    teller: Teller
    now: Callable[[], datetime]
    spawn: Callable[[Coroutine[Any, Any, Any]], None]
    far: Callable[[Leg, JoinConference, MixedElsewhere], Awaitable[ConferenceLeft]]
    """Be in a conference that another node mixes."""
    rooms: dict[ConferenceId, Room] = field(default_factory=dict)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def join(self, leg: Leg, command: JoinConference, run: Run) -> ConferenceLeft:
        """Be in until one leaves, is removed, or it ends for all. Raises the Refusal where one may not enter."""
        await leg.answer()
        await leg.media_ready()
        own = await self._own(leg, command)
        told = conference_facts(own) if own is not None else {}
        run = replace(run, variables={**run.variables, **command.variables, **told})
        if own is not None and not await self._program_of(leg, run, own.pre_flow_id):
            return ConferenceLeft("left", own.id, facts=told)
        try:
            stay = await self.be_in(leg, command, run)
        except MixedElsewhere as elsewhere:
            stay = await self.far(leg, command, elsewhere)
        if own is not None and stay.why != "full" and not leg.is_ended:
            await self._program_of(leg, run, own.post_flow_id)
        return replace(stay, facts={**told, **stay.facts})

    async def be_in(self, leg: Leg, command: JoinConference, run: Run) -> ConferenceLeft:
        """The same without the flows that the conference's owner put around it. Raises MixedElsewhere, too."""
        await leg.answer()
        await leg.media_ready()
        try:
            entered = await enter(self.database, leg.call, command, self.now())
        except LimitExceeded as refusal:
            if refusal.reason != "CONFERENCE_FULL":
                raise
            return ConferenceLeft("full", command.conference_id)
        told = stay_facts(entered.participant, present=entered.present)
        run = replace(run, variables={**run.variables, **told})
        member = Member(leg, run, command, entered.participant, beeps_on_exit(command.beep))
        began = asyncio.get_running_loop().time()
        try:
            room = await self._room(entered.conference)
        except Refusal:
            await self._left(entered.participant)
            raise
        leg.tell_of(extras=replace(leg.call.details, conference_id=entered.conference.id))
        try:
            await self._take_in(room, member)
            await _stay(member)
        finally:
            closed = await carried_through(self._let_go(room, member), leg.keep)
        duration = asyncio.get_running_loop().time() - began
        recording = closed.recording_ids[-1] if closed.recording_ids else None
        return ConferenceLeft(member.why, closed.id, round(duration), recording, told)

    async def _own(self, leg: Leg, command: JoinConference) -> Conference | None:
        """The conference as its owner made it; a name has nothing but itself. Raises NotFound."""
        if command.conference_id is None:
            return None
        found = await get_conference(self.database, leg.call.account_id, ConferenceId(command.conference_id))
        return found.conference

    async def _program_of(self, leg: Leg, run: Run, flow_id: FlowId | None) -> bool:
        """Run the conference's own flow on somebody. False: that is the end of the call."""
        if flow_id is None:
            return True
        end = await self.waiting.beside.run(leg, FlowSource(flow_id), run)
        if end is BesideEnd.HANGUP:
            leg.hang_up()
        return end not in (BesideEnd.HANGUP, BesideEnd.CALL_OVER)

    # --- coming and going ---------------------------------------------------------------------------------------------

    async def _room(self, conference: Conference) -> Room:
        async with self.opening:
            room = self.rooms.get(conference.id)
            if room is None:
                mix = await self.media.open_room()
                room = Room(conference, mix, prompts=self.prompts, waiting=self.waiting, spawn=self.spawn)
                self.rooms[conference.id] = room
                seconds = LONGEST_S
                if conference.expires_at is not None:
                    seconds = min(seconds, max(0, int((conference.expires_at - self.now()).total_seconds())))
                room.timer = asyncio.get_running_loop().call_later(seconds, lambda: room.end("timeout"))
        return room

    async def _take_in(self, room: Room, member: Member) -> None:
        async with room.lock:
            begins = room.put_in(member)
            if member.command.hangup_key:
                member.leg.on_key = lambda key: _leaves_by(member, key)
            if beeps_on_entry(member.command.beep):
                room.beep()
            await self._tell(room, "participant-join", member.participant)
            if begins:
                await self._tell(room, "conference-start")
            for each in list(room.members.values()) if begins else [member]:
                if room.has_started:
                    each.participant = await self._joined(each.participant)
            await self._record_if_wanted(room)
            self._listen_if_wanted(room, member)

    async def _record_if_wanted(self, room: Room) -> None:
        """From the beginning of the talk, where anybody's document says so. One that cannot be made ends nothing."""
        wish = next((each.command for each in room.members.values() if each.command.record), None)
        if wish is None or not room.has_started:
            return
        try:
            await self.recordings.start(room, RecordingSource.CONFERENCE, trim=wish.trim, status=wish.recording_status)
        except Refusal as refusal:
            log.warning("conference_not_recorded", conference_id=str(room.conference.id), reason=refusal.message)

    def _listen_if_wanted(self, room: Room, member: Member) -> None:
        """Listening costs for every frame: only where somebody asked who speaks."""
        if member.leg.media is None or not is_wanted(room.conference, "participant-speech-start"):
            return

        def changed(speaks: bool) -> None:
            if room.has_started and not member.participant.muted and not member.participant.hold:
                event: RoomEvent = "participant-speech-start" if speaks else "participant-speech-stop"
                self.spawn(self._tell(room, event, member.participant))

        member.speaker = Speaker(member.leg.media, changed)

    async def _let_go(self, room: Room, member: Member) -> Conference:
        """Safe to call once, also where it never got in."""
        member.leg.on_key = None
        room.take_out(member)
        closes = room.closes or ends_for_all(member.participant.ends, remaining=len(room.members))
        if closes == "participant-with-end-conference-on-exit-left":
            room.end(closes)
        elif member.beeps_on_exit:
            room.beep()
        async with room.lock:
            after = await self._left(member.participant, closes)
            room.conference = after or room.conference
            await self._tell(room, "participant-leave", member.participant)
            # The row says whether it is empty: somebody may be on the way in who is not in the mix yet.
            is_empty = not after.node if after else not room.members
            if is_empty and self.rooms.get(room.conference.id) is room:
                del self.rooms[room.conference.id]
                await self._tell(room, "conference-end")
                await room.close()
        return room.conference

    # --- orders -------------------------------------------------------------------------------------------------------

    def orders(self) -> Mapping[str, Order]:
        return {
            "conference_end": self._end,
            "conference_kick": self._kick,
            "conference_change": self._change,
            "conference_announce": self._announce,
            "conference_record": self._record,
            "conference_record_stop": self._stop_recording,
        }

    async def _end(self, leg: Leg, payload: Mapping[str, object]) -> None:
        if room := self._room_of(payload):
            room.end("conference-ended-via-api")

    async def _kick(self, leg: Leg, payload: Mapping[str, object]) -> None:
        if member := self._member_of(leg, payload):
            member.leave("removed")

    async def _change(self, leg: Leg, payload: Mapping[str, object]) -> None:
        room, member = self._room_of(payload), self._member_of(leg, payload)
        if room is None or member is None:
            return
        async with room.lock:
            was = member.participant
            coached = payload.get("coached_call_id")
            now = replace(
                was,
                muted=payload["muted"] is True,
                hold=payload["hold"] is True,
                coached_call_id=UUID(str(coached)) if coached else None,
                ends=payload["ends"] is True,
            )
            member.participant = now
            if payload.get("beeps_on_exit") is not None:
                member.beeps_on_exit = payload["beeps_on_exit"] is True
            if (now.muted, now.coached_call_id, now.hold) != (was.muted, was.coached_call_id, was.hold):
                member.hold_sound = _document(payload, "hold") or Waiting.MUSIC
                room.place(member)
            for event in _what_changed(was, now):
                await self._tell(room, event, now)
        if announcement := _document(payload, "announce"):
            await self._say_to(room, member, announcement)

    async def _announce(self, leg: Leg, payload: Mapping[str, object]) -> None:
        room, name = self._room_of(payload), str(payload["id"])
        if room is None or name in room.announced:
            return
        member = room.members.get(leg.call.id)
        if member is None:  # gone meanwhile; another one carries the order too
            return
        room.announced.add(name)
        source = DocumentSource(str(payload["url"]), _method(payload["method"]))
        is_heard = await Announcer(self.waiting.beside).announce(room, leg, member.run, source)
        await self._tell(room, "announcement-end" if is_heard else "announcement-fail")

    async def _say_to(self, room: Room, member: Member, source: DocumentSource) -> None:
        """Heard by this one alone, before all else."""
        try:
            await self.waiting.once(member.leg, member.run, source)
            await self._tell(room, "announcement-end", member.participant)
        except Refusal:
            await self._tell(room, "announcement-fail", member.participant)
            raise

    async def _record(self, leg: Leg, payload: Mapping[str, object]) -> None:
        """Every participant brings the order: whoever comes first has it carried out."""
        if room := self._room_of(payload):
            made, duration = self.recordings.recordings, payload.get("duration_s")
            recording_id = RecordingId(UUID(str(payload["recording_id"])))
            async with made.turn(room.conference.id):
                ordered = await get_recording(made.database, room.conference.account_id, recording_id)
                if ordered.status.is_over:  # the order of another participant was quicker
                    return
                await self.recordings.start(
                    room,
                    RecordingSource.CONFERENCE_ORDER,
                    duration_s=duration if isinstance(duration, int) else 0,
                    ordered=ordered,
                )

    async def _stop_recording(self, leg: Leg, payload: Mapping[str, object]) -> None:
        if room := self._room_of(payload):
            async with self.recordings.recordings.turn(room.conference.id):
                room.mix.stop_recording()

    def _room_of(self, payload: Mapping[str, object]) -> Room | None:
        return self.rooms.get(ConferenceId(UUID(str(payload["conference_id"]))))

    def _member_of(self, leg: Leg, payload: Mapping[str, object]) -> Member | None:
        room = self._room_of(payload)
        return room.members.get(leg.call.id) if room else None

    async def _tell(self, room: Room, event: RoomEvent, who: Participant | None = None) -> None:
        conference = room.conference
        if conference.callback is None or not is_wanted(conference, event):
            return
        room.sequence += 1
        told = parameters(conference, event, who, sequence=room.sequence, now=self.now())
        now = self.now()
        await until_kept(lambda: self.teller.tell(conference, told, now), conference_id=str(conference.id))

    async def _joined(self, participant: Participant) -> Participant:
        now = self.now()
        return await until_kept(lambda: joined(self.database, participant, now), call_id=str(participant.call_id))

    async def _left(self, participant: Participant, closes: EndReason = "") -> Conference | None:
        now = self.now()
        return await until_kept(
            lambda: left(self.database, participant, now, closes=closes), call_id=str(participant.call_id)
        )


async def _stay(member: Member) -> None:
    """Until the call is over, its time in here is, or somebody lets it go."""
    limit = member.command.time_limit_s or LONGEST_S
    over = [asyncio.ensure_future(event.wait()) for event in (member.leg.ended, member.gone)]
    try:
        done, _ = await asyncio.wait(over, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in over:
            each.cancel()
    if not done:
        member.leave("timeout")


def _leaves_by(member: Member, key: str) -> bool:
    if key not in member.command.hangup_key:
        return False
    member.leave("left")
    return True


def _what_changed(was: Participant, now: Participant) -> list[RoomEvent]:
    events: list[RoomEvent] = []
    if now.muted is not was.muted:
        events.append("participant-mute" if now.muted else "participant-unmute")
    if now.hold is not was.hold:
        events.append("participant-hold" if now.hold else "participant-unhold")
    if (now.coached_call_id, now.ends) != (was.coached_call_id, was.ends):
        events.append("participant-modify")
    return events


def _document(payload: Mapping[str, object], name: str) -> DocumentSource | None:
    url = str(payload.get(f"{name}_url") or "")
    return DocumentSource(url, _method(payload.get(f"{name}_method"))) if url else None


def _method(text: object) -> HttpMethod:
    return "GET" if text == "GET" else "POST"
