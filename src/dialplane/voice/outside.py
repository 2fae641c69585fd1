"""What a program on a call needs beyond the call itself: other legs, recordings, and what any run may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Direction, HangupReason
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import CallId, utc_now
from dialplane.domain.programs.commands import (
    CallsStarted,
    Command,
    DetectMachine,
    Dial,
    Dialled,
    DialQueue,
    Gather,
    Hangup,
    JoinConference,
    JoinQueue,
    Party,
    Record,
    ReferTo,
    Result,
    StartCalls,
    StartExternalMedia,
    StartRecording,
    StartStream,
    StartTranscription,
    StopExternalMedia,
    StopStream,
    StopTranscription,
)
from dialplane.services.calling.call_orders import complete_calls
from dialplane.services.programs.api_runs import Outside as AnyRun
from dialplane.services.transaction import Database
from dialplane.voice.dialling import Dialling
from dialplane.voice.hearing import Hearing
from dialplane.voice.leg import Leg
from dialplane.voice.machines import detect_machine
from dialplane.voice.recording.party_recordings import PartyRecordings
from dialplane.voice.recording.recordings import Recordings
from dialplane.voice.recording.transcription import Transcribing
from dialplane.voice.referrals import Referrals
from dialplane.voice.rooms.agent_calls import AgentCalls
from dialplane.voice.rooms.conferences import Conferences
from dialplane.voice.rooms.queues import Queues
from dialplane.voice.streaming.external_media import ExternalMedia
from dialplane.voice.streaming.streams import Streams


@dataclass(frozen=True, slots=True)
class Subjects:
    """What carries out commands, by subject; made once for the node."""

    database: Database
    any_run: AnyRun
    dialling: Dialling
    agent_calls: AgentCalls
    referrals: Referrals
    recordings: Recordings
    party_recordings: PartyRecordings
    conferences: Conferences
    queues: Queues
    hearing: Hearing
    transcribing: Transcribing
    streams: Streams
    external_media: ExternalMedia


@dataclass(frozen=True, slots=True)
class CallOutside:
    """Fulfils `driver.Outside` for the run of one call."""

    run: Run
    hops: int
    subjects: Subjects

    async def carry_out(self, leg: Leg, command: Command) -> Result:
        match command:
            case Dial(parties=(Party(address=Address(type="conference", target=target)),)):
                return await self.subjects.agent_calls.join_instead(leg, target, self.run)
            case Dial(parties=(Party(address=Address(type="agent", target=target)),)):
                return await self.subjects.agent_calls.dial(leg, target, command)
            case Dial():
                return await self._dial(leg, command)
            case StartCalls():
                return await self._start_calls(leg, command)
            case StartRecording():
                return await self.subjects.recordings.start(leg, command, run_id=self.run.id)
            case DetectMachine():
                return await detect_machine(self.subjects.database, leg, command)
            case JoinConference():
                return await self.subjects.conferences.join(leg, command, self.run)
            case JoinQueue():
                return await self.subjects.queues.join(leg, command, self.run)
            case DialQueue():
                return await self.subjects.queues.dial(leg, command, self.run)
            case Gather():
                return await self.subjects.hearing.gather(leg, command, self.carry_out_alone)
            case ReferTo():
                return await self.subjects.referrals.refer_to(leg, command)
            case StartTranscription():
                return await self.subjects.transcribing.start(leg, command, self.run.id)
            case StopTranscription():
                return await self.subjects.transcribing.stop(leg)
            case Record():
                return await self.subjects.party_recordings.record(leg, command, self.run.id)
            case StartStream():
                return await self.subjects.streams.start(leg, command)
            case StopStream():
                return await self.subjects.streams.stop(leg, command)
            case StartExternalMedia():
                return await self.subjects.external_media.start(leg, command)
            case StopExternalMedia():
                return await self.subjects.external_media.stop(leg)
            case _:
                return await self.subjects.any_run.carry_out(self.run, command)

    async def carry_out_alone(self, command: Command) -> Result:
        return await self.subjects.any_run.carry_out(self.run, command)

    async def reason_of(self, leg: Leg, command: Hangup) -> HangupReason:
        """The reason as named, or that of another call of the account; an unknown one is `normal`."""
        if command.reason_of_call is not None:
            async with self.subjects.database.reading() as tx:
                other = await tx.calls.find(self.run.account_id, CallId(command.reason_of_call))
            if other is not None and other.hangup_reason:
                return other.hangup_reason
        try:
            return HangupReason(command.reason or "normal")
        except ValueError:
            return HangupReason.NORMAL

    async def _dial(self, leg: Leg, command: Dial) -> Dialled:
        command = await self.subjects.agent_calls.with_addresses(leg, command)
        fallback = leg.call.destination.target if leg.call.direction is Direction.INCOMING else leg.call.source.target
        return await self.subjects.dialling.dial(leg, command, self.run, fallback_source=fallback, hops=self.hops)

    async def _start_calls(self, leg: Leg, command: StartCalls) -> Result:
        started = await self.subjects.any_run.carry_out(self.run, command)
        if isinstance(started, CallsStarted):
            call_ids = tuple(CallId(each) for each in started.call_ids)
            leg.tell_of(chained_call_ids=(*leg.call.chained_call_ids, *call_ids))
            if command.chained:
                leg.keep(self._end_with(leg, call_ids))
        return started

    async def _end_with(self, leg: Leg, call_ids: Sequence[CallId]) -> None:
        """Chained calls are hung up with their master, on whichever node they are."""
        await leg.ended.wait()
        await complete_calls(self.subjects.database, leg.call.account_id, call_ids, utc_now())
