"""Transcribing live calls: a copy of the call's audio goes to a listener for each side, and what is said is written
down as it ends. Begun by programs or by orders of the API; over with the call."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog

from dialplane.domain.errors import Refusal
from dialplane.domain.ids import CallId, FlowId, RunId, TranscriptionId, new_id
from dialplane.domain.programs.commands import Done, StartTranscription, TranscriptionStarted
from dialplane.domain.programs.recognition import Hearing
from dialplane.domain.recording.transcriptions import TranscribedThing, Transcription
from dialplane.services.recording import transcription_life as life
from dialplane.services.recording.recognition import Began, Listener, RecognitionWish, Recognizer, Said, Understood
from dialplane.services.recording.transcriptions import get_transcription
from dialplane.services.transaction import Database
from dialplane.voice.leg import Leg
from dialplane.voice.moment import Happening
from dialplane.voice.orders import Order
from dialplane.voice.patience import until_kept
from dialplane.voice.ports import AudioTrack, MediaLeg
from dialplane.voice.rooms.room_lines import RoomLines

SILENCE_MS = 700
"""Ends an utterance: a transcript reads better in sentences than in monologues."""
_SIDES: Mapping[AudioTrack, Hearing] = {"inbound": "in", "outbound": "out"}

log = structlog.get_logger()


class Heard(Protocol):
    """Who is listened to: a leg, or a line into a room."""

    @property
    def ended(self) -> Happening: ...

    async def media_ready(self) -> MediaLeg: ...


@dataclass(frozen=True, slots=True)
class Transcribing:
    """What of this node's calls is being transcribed. Made once."""

    database: Database
    recognizer: Recognizer
    node: str
    public_url: str
    now: Callable[[], datetime]
    follow: Callable[[Transcription], Awaitable[None]]
    """Begin the flow that follows a transcription that is over."""
    lines: Callable[[], RoomLines]
    """Into conferences."""
    live: dict[TranscriptionId, "_Ears"] = field(default_factory=dict)
    ordered: set[TranscriptionId] = field(default_factory=set)
    """By the API, and not over."""

    async def start(self, leg: Leg, command: StartTranscription, run_id: RunId) -> TranscriptionStarted:
        """Answers the call. Raises Invalid (`language`, `provider`) where nothing recognises that."""
        await leg.answer()
        now = self.now()
        transcription = Transcription(
            id=TranscriptionId(new_id(now)),
            account_id=leg.call.account_id,
            reference_type=TranscribedThing.CALL,
            reference_id=leg.call.id,
            created_at=now,
            call_id=CallId(leg.call.id),
            run_id=run_id,
            language=command.language,
            direction=command.direction,
            provider=command.provider,
            on_end_flow_id=None if command.on_end_flow_id is None else FlowId(command.on_end_flow_id),
            status_callback=command.status,
            node=self.node,
        )
        ears = _Ears(transcription, self.recognizer)
        await life.begin_call_transcription(self.database, transcription, now)
        leg.keep(self._listen(leg, ears))
        return TranscriptionStarted(transcription.id)

    async def stop(self, leg: Leg) -> Done:
        """End all of the call."""
        for ears in list(self.live.values()):
            if ears.transcription.call_id == leg.call.id:
                ears.finish()
        return Done()

    def orders(self) -> Mapping[str, Order]:
        """What may be ordered of a live call."""
        return {"transcribe_start": self._start_ordered, "transcribe_stop": self._stop_ordered}

    async def close_orphans(self) -> None:
        """End what an earlier process of this node left behind."""
        await life.end_left_transcriptions(self.database, self.node, self.now())

    async def _start_ordered(self, leg: Leg, payload: Mapping[str, object]) -> None:
        wanted = TranscriptionId(UUID(str(payload["transcription_id"])))
        if wanted in self.ordered:  # each call of a conference carries the order
            return
        self.ordered.add(wanted)
        try:
            await self._transcribe_ordered(leg, wanted)
        finally:
            self.ordered.discard(wanted)

    async def _transcribe_ordered(self, leg: Leg, wanted: TranscriptionId) -> None:
        transcription = await get_transcription(self.database, leg.call.account_id, wanted)
        try:
            ears = _Ears(transcription, self.recognizer)
        except Refusal as refusal:
            await self._end(transcription, error=refusal.message)
            return
        if transcription.reference_type is TranscribedThing.CONFBRIDGE:
            async with self.lines().open(transcription.reference_id) as line:
                await self._listen(line, ears)
        else:
            await self._listen(leg, ears)

    async def _stop_ordered(self, leg: Leg, payload: Mapping[str, object]) -> None:
        ears = self.live.get(TranscriptionId(UUID(str(payload["transcription_id"]))))
        if ears is not None:
            ears.finish()

    async def _listen(self, party: Heard, ears: "_Ears") -> None:
        """Until it is stopped or the party is gone; what was said by then is still written down."""
        transcription = ears.transcription
        error = ""
        self.live[transcription.id] = ears
        try:
            media = await party.media_ready()
            sides = transcription.sides
            tap = media.tap(ears.hear, heard="in" in sides, sent="out" in sides)
            watching = asyncio.ensure_future(self._finish_with(party, ears))
            try:
                async with asyncio.TaskGroup() as tasks:
                    for track, listener in ears.listeners.items():
                        tasks.create_task(self._write_down(transcription, _SIDES[track], listener))
            finally:
                watching.cancel()
                tap.close()
        except* Refusal as refusals:
            error = str(refusals.exceptions[0])
            log.warning("transcription_failed", transcription_id=str(transcription.id), reason=error)
        finally:
            self.live.pop(transcription.id, None)
        await self._end(transcription, error=error, duration_ms=ears.heard_ms)

    async def _finish_with(self, party: Heard, ears: "_Ears") -> None:
        await party.ended.wait()
        ears.finish()

    async def _write_down(self, transcription: Transcription, side: Hearing, listener: Listener) -> None:
        async for event in listener.events():
            match event:
                case Began(at_ms):
                    await self._tell(transcription, "started", side, message="", at_ms=at_ms)
                case Understood(text):
                    await self._tell(transcription, "interim", side, message=text, at_ms=listener.heard_ms)
                case Said():
                    await self._tell(transcription, "ended", side, message=event.text, at_ms=event.ended_ms)
                    if event.text:
                        await self._keep(transcription, side, event)

    async def _tell(self, transcription: Transcription, what: life.SpeechEvent, side: Hearing, **facts: Any) -> None:
        now = self.now()
        await until_kept(lambda: life.tell_speech(self.database, transcription, what, side, now=now, **facts))

    async def _keep(self, transcription: Transcription, side: Hearing, said: Said) -> None:
        now = self.now()
        await until_kept(lambda: life.write_transcript(self.database, transcription, side, said, now))

    async def _end(self, transcription: Transcription, *, error: str = "", duration_ms: int = 0) -> None:
        now = self.now()
        ended = await until_kept(
            lambda: life.end_transcription(
                self.database,
                transcription,
                now,
                error=error,
                duration_ms=duration_ms,
                public_url=self.public_url,
            ),
            transcription_id=str(transcription.id),
        )
        await self.follow(ended)


class _Ears:
    """The listeners of one transcription, by the side that they hear."""

    def __init__(self, transcription: Transcription, recognizer: Recognizer) -> None:
        """Raises Invalid."""
        self.transcription = transcription
        wish = RecognitionWish(
            language=transcription.language, provider=transcription.provider, silence_ms=SILENCE_MS, interim=True
        )
        self.listeners: dict[AudioTrack, Listener] = {
            track: Listener(recognizer, wish) for track, side in _SIDES.items() if side in transcription.sides
        }
        self._is_over = False

    @property
    def heard_ms(self) -> int:
        return max(listener.heard_ms for listener in self.listeners.values())

    def hear(self, track: AudioTrack, at_ms: int, frame: bytes) -> None:
        listener = self.listeners.get(track)
        if listener is not None and not self._is_over:
            listener.hear(at_ms, frame)

    def finish(self) -> None:
        """Nothing more is heard. Safe to call twice."""
        if not self._is_over:
            self._is_over = True
            for listener in self.listeners.values():
                listener.finish()
