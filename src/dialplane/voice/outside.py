"""What a program on a call needs beyond the call itself: other legs, recordings, and what any run may do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from dialplane.domain.calls import Direction, HangupReason
from dialplane.domain.errors import Refusal, Unavailable
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import CallId, FlowId, RecordingId, new_id
from dialplane.domain.programs.commands import (
    CallsStarted,
    Command,
    Dial,
    Dialled,
    Failed,
    Hangup,
    RecordingStarted,
    Result,
    StartCalls,
    StartRecording,
)
from dialplane.domain.recordings import Recording, RecordingStatus
from dialplane.services.api_runs import Outside as AnyRun
from dialplane.services.recordings import save_recording
from dialplane.services.transaction import Database
from dialplane.voice.dialler import Dialler
from dialplane.voice.leg import Leg
from dialplane.voice.ports import MediaLeg

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CallOutside:
    """Fulfils `driver.Outside` for the run of one call."""

    run: Run
    hops: int
    database: Database
    dialler: Dialler
    any_run: AnyRun
    recordings: Path
    """The node's folder of recordings."""
    now: Callable[[], datetime]

    async def carry_out(self, leg: Leg, command: Command) -> Result:
        match command:
            case Dial():
                return await self._dial(leg, command)
            case StartCalls():
                return await self._start_calls(leg, command)
            case StartRecording():
                return await self._start_recording(leg, command)
            case _:
                return await self.any_run.carry_out(self.run, command)

    async def carry_out_alone(self, command: Command) -> Result:
        return await self.any_run.carry_out(self.run, command)

    async def reason_of(self, leg: Leg, command: Hangup) -> HangupReason:
        """The reason as named, or that of another call of the account; an unknown one is `normal`."""
        if command.reason_of_call is not None:
            async with self.database.reading() as tx:
                other = await tx.calls.find(self.run.account_id, CallId(command.reason_of_call))
            if other is not None and other.hangup_reason:
                return other.hangup_reason
        try:
            return HangupReason(command.reason or "normal")
        except ValueError:
            return HangupReason.NORMAL

    async def _dial(self, leg: Leg, command: Dial) -> Dialled:
        fallback = leg.call.destination.target if leg.call.direction is Direction.INCOMING else leg.call.source.target
        return await self.dialler.dial(leg, command, fallback_source=fallback, hops=self.hops)

    async def _start_calls(self, leg: Leg, command: StartCalls) -> Result:
        started = await self.any_run.carry_out(self.run, command)
        if isinstance(started, CallsStarted):
            leg.update(chained_call_ids=(*leg.call.chained_call_ids, *(CallId(each) for each in started.call_ids)))
        return started

    async def _start_recording(self, leg: Leg, command: StartRecording) -> RecordingStarted | Failed:
        media = await leg.media_ready()
        now = self.now()
        recording_id = RecordingId(new_id(now))
        recording = Recording(
            id=recording_id,
            account_id=leg.call.account_id,
            call_id=leg.call.id,
            status=RecordingStatus.RECORDING,
            path=f"{leg.call.account_id}/{recording_id}.wav",
            created_at=now,
            started_at=now,
            run_id=self.run.id,
            on_end_flow_id=FlowId(command.on_end_flow_id) if command.on_end_flow_id else None,
        )
        path = self.recordings / recording.path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            await media.start_recording(
                path,
                end_of_silence_s=command.end_of_silence_s,
                end_of_key=command.end_of_key,
                duration_s=command.duration_s,
            )
            await save_recording(self.database, recording, now)
        except Refusal as refusal:
            return Failed(refusal.message)
        leg.update(recording_ids=(*leg.call.recording_ids, recording.id))
        leg.keep(self._finish_recording(media, recording))
        return RecordingStarted(recording.id)

    async def _finish_recording(self, media: MediaLeg, recording: Recording) -> None:
        """Keep what became of the recording, whatever ended it; the file is valid at any moment."""
        try:
            end = await media.wait_recording()
            ended_by, duration_ms = end.ended_by, end.duration_ms
        except Unavailable:
            ended_by, duration_ms = "closed", 0
        now = self.now()
        ended = replace(
            recording,
            status=RecordingStatus.ENDED,
            ended_by=ended_by,
            duration_ms=duration_ms,
            ended_at=now,
            updated_at=now,
        )
        await save_recording(self.database, ended, now)
        log.info("recording_finished", recording_id=str(recording.id), duration_ms=duration_ms, ended_by=ended_by)
