"""The recordings that a node makes: of legs and of conferences, begun by programs or by orders of the API.

The file is valid at every moment. Its row says what is going on; what became of it is written when the media process
tells the end, or, where that died, from what the file holds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID
from weakref import WeakValueDictionary

import structlog

from dialplane.audio.wav import duration_ms_of
from dialplane.domain.calling.media import RecordingEnd
from dialplane.domain.charging.rating import MINUTE_S
from dialplane.domain.errors import Refusal, Unavailable
from dialplane.domain.ids import AccountId, CallId, FlowId, RecordingId, RunId, new_id
from dialplane.domain.programs.commands import Failed, RecordingStarted, StartRecording
from dialplane.domain.recording.recordings import Recording, RecordingSource, RecordingStatus, path_of
from dialplane.services.recording import recording_life as life
from dialplane.services.recording.recordings import get_recording
from dialplane.services.transaction import Database
from dialplane.voice.leg import Leg
from dialplane.voice.orders import Order
from dialplane.voice.patience import until_kept
from dialplane.voice.ports import Prompts, RecordedTracks

RENEW_BEFORE_S = 5.0
"""How long before the reserved minutes are used up one more is reserved."""

log = structlog.get_logger()


class Recordable(Protocol):
    """What can be recorded: `ports.MediaLeg` and `ports.MediaRoom`."""

    def pause_recording(self, paused: bool, *, silent: bool = False) -> None: ...

    def stop_recording(self) -> None: ...

    async def wait_recording(self) -> RecordingEnd: ...


@dataclass(frozen=True, slots=True)
class Recordings:
    """What of this node is being recorded. Made once."""

    database: Database
    folder: Path
    node: str
    prompts: Prompts
    now: Callable[[], datetime]
    follow: Callable[[Recording], Awaitable[None]]
    """Begin the flow that follows a recording that is over."""
    public_url: str = ""
    """Where clients reach the HTTP server, for the addresses that status callbacks are told."""
    live: dict[RecordingId, Recordable] = field(default_factory=dict)
    turns: WeakValueDictionary[UUID, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    """By call or conference: its orders are carried out one after the other, for they may come faster than a recording
    begins."""

    # --- for programs ---

    async def start(
        self,
        leg: Leg,
        command: StartRecording,
        *,
        run_id: RunId | None = None,
        source: RecordingSource = RecordingSource.CALL_ORDER,
    ) -> RecordingStarted | Failed:
        """Both directions of a leg, until something ends it."""
        recording = replace(
            self.new(leg.call.account_id, call_id=leg.call.id, source=source),
            run_id=run_id,
            channels=command.channels,
            track=command.track,
            on_end_flow_id=None if command.on_end_flow_id is None else FlowId(command.on_end_flow_id),
            status_callback=command.status,
        )
        try:
            await self._record_leg(leg, recording, command)
        except Refusal as refusal:
            return Failed(refusal.message)
        return RecordingStarted(recording.id)

    def new(
        self,
        account_id: AccountId,
        *,
        source: RecordingSource,
        call_id: CallId | None = None,
        conference_id: UUID | None = None,
    ) -> Recording:
        """A recording that this node is about to make."""
        now = self.now()
        recording_id = RecordingId(new_id(now))
        return Recording(
            id=recording_id,
            account_id=account_id,
            call_id=call_id,
            conference_id=conference_id,
            status=RecordingStatus.RECORDING,
            path=path_of(account_id, recording_id),
            created_at=now,
            node=self.node,
            source=source,
        )

    async def begin(
        self, sound: Recordable, recording: Recording, start: Callable[[Path], Awaitable[None]]
    ) -> Recording:
        """Reserve the first minute, keep the row, and begin the file with `start`. `finish` must follow.

        Raises Refusal; nothing goes on then, and the recording is kept as failed where it was kept already.
        """
        path = self.folder / recording.path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        begun = await life.begin_recording(self.database, recording, self.now(), public_url=self.public_url)
        try:
            await start(path)
        except Refusal as refusal:
            await self._fail(begun, refusal.message)
            raise
        self.live[begun.id] = sound
        return begun

    async def finish(self, sound: Recordable, recording: Recording) -> Recording:
        """Wait for its end, whatever brings it, and keep what became of it."""
        path = self.folder / recording.path
        try:
            end = await self._wait_paying(sound, recording)
        except Unavailable:
            end = RecordingEnd(path, "closed", duration_ms_of(path))
        finally:
            self.live.pop(recording.id, None)
        ended = await self._keep_end(recording, end)
        if recording.on_end_flow_id is not None:
            await self.follow(ended)
        return ended

    async def finish_of(self, leg: Leg, sound: Recordable, recording: Recording) -> Recording:
        """`finish`, and let the leg's call say that it is recorded no longer."""
        try:
            return await self.finish(sound, recording)
        finally:
            leg.recording_over(recording.id)

    # --- for the API ---

    def orders(self) -> Mapping[str, Order]:
        """What may be ordered of a live call."""
        return {
            "recording_start": self._start_ordered,
            "recording_pause": self._pause_ordered,
            "recording_resume": self._resume_ordered,
            "recording_stop": self._stop_ordered,
        }

    async def close_orphans(self) -> None:
        """End what an earlier process of this node left behind: a file that holds something is a recording."""
        for recording in await life.live_recordings(self.database, self.node):
            path = self.folder / recording.path
            await self._keep_end(recording, RecordingEnd(path, "closed", duration_ms_of(path)))

    async def _start_ordered(self, leg: Leg, payload: Mapping[str, object]) -> None:
        async with self.turn(leg.call.id):
            recording = await get_recording(self.database, leg.call.account_id, _id_in(payload))
            command = StartRecording(
                end_of_silence_s=_number_in(payload, "end_of_silence_s"),
                end_of_key=str(payload.get("end_of_key", "")),
                duration_s=_number_in(payload, "duration_s"),
                channels=2 if recording.channels == 2 else 1,
                trim=payload.get("trim") is True,
            )
            await self._record_leg(leg, recording, command)

    async def _pause_ordered(self, leg: Leg, payload: Mapping[str, object]) -> None:
        async with self.turn(leg.call.id):
            if (sound := self.live.get(_id_in(payload))) is not None:
                sound.pause_recording(True, silent=payload.get("silent") is True)

    async def _resume_ordered(self, leg: Leg, payload: Mapping[str, object]) -> None:
        async with self.turn(leg.call.id):
            if (sound := self.live.get(_id_in(payload))) is not None:
                sound.pause_recording(False)

    async def _stop_ordered(self, leg: Leg, payload: Mapping[str, object]) -> None:
        async with self.turn(leg.call.id):
            if (sound := self.live.get(_id_in(payload))) is not None:
                sound.stop_recording()

    def turn(self, of: UUID) -> asyncio.Lock:
        """Held while an order about recording a call or a conference is carried out."""
        return self.turns.setdefault(of, asyncio.Lock())

    # --- inside ---

    async def _record_leg(self, leg: Leg, recording: Recording, command: StartRecording) -> None:
        media = await leg.media_ready()
        if command.beep:
            await media.play([await self.prompts.beep()])

        async def start(path: Path) -> None:
            await media.start_recording(
                path,
                end_of_silence_s=command.end_of_silence_s,
                end_of_key=command.end_of_key,
                duration_s=command.duration_s,
                tracks=tracks_of(recording),
                trim=command.trim,
            )

        begun = await self.begin(media, recording, start)
        leg.recording_begun(begun.id)
        leg.keep(self.finish_of(leg, media, begun))

    async def _wait_paying(self, sound: Recordable, recording: Recording) -> RecordingEnd:
        """Reserve each minute before it begins; where the money ends, the recording does (LED-6)."""
        ending = asyncio.ensure_future(sound.wait_recording())
        try:
            minutes, pause_s = 1, MINUTE_S - RENEW_BEFORE_S
            while not (await asyncio.wait([ending], timeout=pause_s))[0]:
                minutes, pause_s = minutes + 1, MINUTE_S
                if not await self._reserve(recording, minutes):
                    await asyncio.wait([ending], timeout=RENEW_BEFORE_S)
                    sound.stop_recording()
                    return replace(await ending, ended_by="balance")
            return ending.result()
        finally:
            ending.cancel()

    async def _reserve(self, recording: Recording, minutes: int) -> bool:
        """Where the store is away the recording goes on: the next reservation asks for all of it again (AV-3)."""
        try:
            return await life.reserve_more(self.database, recording, minutes, self.now())
        except Unavailable:
            return True

    async def _keep_end(self, recording: Recording, end: RecordingEnd) -> Recording:
        path = self.folder / recording.path
        if not path.is_file() or (end.failure and not end.duration_ms):
            error = end.failure or "nothing was recorded"
            return await self._fail(recording, error)
        log.info(
            "recording_finished",
            recording_id=str(recording.id),
            duration_ms=end.duration_ms,
            ended_by=end.ended_by,
            failure=end.failure,
        )
        now, size_bytes = self.now(), path.stat().st_size
        return await until_kept(
            lambda: life.end_recording(
                self.database,
                recording,
                now,
                ended_by=end.ended_by,
                duration_ms=end.duration_ms,
                size_bytes=size_bytes,
                public_url=self.public_url,
            ),
            recording_id=str(recording.id),
        )

    async def _fail(self, recording: Recording, error: str) -> Recording:
        now = self.now()
        return await until_kept(
            lambda: life.fail_recording(self.database, recording, error, now), recording_id=str(recording.id)
        )


def tracks_of(recording: Recording) -> RecordedTracks:
    """What of a leg goes into its file."""
    if recording.track != "both":
        return "heard" if recording.track == "inbound" else "sent"
    return "both" if recording.channels == 2 else "mixed"


def _id_in(payload: Mapping[str, object]) -> RecordingId:
    return RecordingId(UUID(str(payload["recording_id"])))


def _number_in(payload: Mapping[str, object], name: str) -> int:
    value = payload.get(name)
    return value if isinstance(value, int) else 0
