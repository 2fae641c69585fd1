"""The voice role: joins the user agent, the runtime and the journal, and keeps them going until told to stop."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import structlog

from dialplane.domain.errors import Refusal, Unavailable
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import utc_now
from dialplane.domain.ledger import HoldRequest
from dialplane.domain.programs.sources import ProgramSource
from dialplane.domain.rcml.machine import TIMEOUT_S
from dialplane.services import conference_rooms, queuecalls
from dialplane.services.admission import Outcome, admit
from dialplane.services.api_runs import ApiRuns
from dialplane.services.arrivals import Arrival
from dialplane.services.assistants import BUILT_IN, Assistants
from dialplane.services.authentication import TokenSigner
from dialplane.services.call_records import Change, close_orphans, write_changes
from dialplane.services.caller_names import StoredCallerNames
from dialplane.services.calls import NodeCommand, beat, take_commands
from dialplane.services.dialling import Opened, OutgoingWish, open_calls
from dialplane.services.emails import OUTBOX, Post
from dialplane.services.ledger import extend_many
from dialplane.services.media_streams import announce_gate
from dialplane.services.outside import RunOutside, Web
from dialplane.services.recognition import Recognizer
from dialplane.services.registrations import end_all_flows
from dialplane.services.traces import keep_traces
from dialplane.services.transaction import Database
from dialplane.services.trunks import list_trunks
from dialplane.voice.agent_calls import AgentCalls
from dialplane.voice.agent_ringing import AgentRinger
from dialplane.voice.arrivals import Arrivals
from dialplane.voice.authentication import Gate
from dialplane.voice.batching import Batcher
from dialplane.voice.beside import Beside
from dialplane.voice.conference_callbacks import StatusTeller
from dialplane.voice.conferences import Conferences
from dialplane.voice.dialler import Dialler
from dialplane.voice.dialling import Dialling
from dialplane.voice.external_media import ExternalMedia
from dialplane.voice.gate import AudioGate
from dialplane.voice.groupcalls import Groupcalls
from dialplane.voice.groupcalls import orders as groupcall_orders
from dialplane.voice.hearing import Hearing
from dialplane.voice.journal import Journal
from dialplane.voice.leg import Leg, LegContext
from dialplane.voice.orders import CALL_ORDERS, SoundOrders
from dialplane.voice.outside import CallOutside, Subjects
from dialplane.voice.party_recordings import PartyRecordings
from dialplane.voice.ports import Media, Prompts
from dialplane.voice.programs import Programs
from dialplane.voice.queues import Queues
from dialplane.voice.recordings import Recordings
from dialplane.voice.records import Records
from dialplane.voice.referrals import Referrals
from dialplane.voice.requests import Requests
from dialplane.voice.ringing import Ringing
from dialplane.voice.room_recordings import RoomRecordings
from dialplane.voice.runtime import Runtime
from dialplane.voice.signalling import Signalling, TracedCall
from dialplane.voice.sip_sockets import SipSockets
from dialplane.voice.sockets import Sockets
from dialplane.voice.streams import Streams
from dialplane.voice.transcription import Transcribing
from dialplane.voice.transfers import Transfers
from dialplane.voice.useragent import IncomingCall, IncomingRequest, Source, UserAgent
from dialplane.voice.waiting_sound import WaitingSound

BEAT_S = 1.0
"""How often the node says that it lives; a dead node's calls are billed up to the last time."""
DRAIN_S = 3600.0
ADMISSION_PAUSE_S = 0.08
"""Between two batches of arrivals; the first after a quiet time waits for nothing. No ear notices, and a batch costs
the same round trips for two calls as for twenty."""

log = structlog.get_logger()


class Hints(Protocol):
    """Port: words from the store that there may be work."""

    async def keep(self, on_hint: Callable[[str], None]) -> None:
        """Stay connected until cancelled. `on_hint` gets each word, and "" after each connecting."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceDeps:
    """What the role needs; made by bootstrap."""

    database: Database
    media: Media
    prompts: Prompts
    recognizer: Recognizer
    web: Web
    sockets: Sockets
    hints: Hints
    node: str
    host: str
    port: int
    recordings: Path
    nonce_secret: bytes
    signer: TokenSigner
    """Knows the passes of who wants a call's audio."""
    gate_host: str = "127.0.0.1"
    """Where the API asks for it; to be reached by the platform's own processes and nobody else."""
    gate_port: int = 0
    advertised_host: str | None = None
    drain_s: float = DRAIN_S
    public_url: str = ""
    document_timeout_s: float = TIMEOUT_S
    assistants: Assistants = BUILT_IN
    post: Post = OUTBOX
    keeps_signalling: bool = True
    """Whether calls leave a trace: their SIP messages, keys, and what their programs were answered."""
    on_ready: Callable[[int], None] = lambda port: None
    """Told the SIP port when calls are taken."""
    set_media_lost: Callable[[Callable[[], None]], None] = lambda told: None
    """Lets the media client tell that its process is gone."""


async def serve(deps: VoiceDeps, stop: asyncio.Event) -> None:
    """Take calls until `stop`, then let the live ones end within `drain_s` (AV-1).

    Raises OSError where the SIP address cannot be bound, Unavailable where the store is away at the start.
    """
    await close_orphans(deps.database, deps.node, utc_now())
    await conference_rooms.close_orphans(deps.database, deps.node, utc_now())
    await queuecalls.close_orphans(deps.database, deps.node, utc_now())
    await end_all_flows(deps.database, deps.node)
    async with asyncio.TaskGroup() as tasks:
        node = _Node(deps, tasks)
        loops = [tasks.create_task(work) for work in node.loops()]
        try:
            await node.start()
            await stop.wait()
            await node.drain()
        finally:
            await node.close()
            for loop in loops:
                loop.cancel()


class _Node:
    """Everything of one voice process, joined."""

    def __init__(self, deps: VoiceDeps, tasks: asyncio.TaskGroup) -> None:
        self._deps = deps
        self._tasks = tasks
        self._draining = False
        self._mail = asyncio.Event()
        database = deps.database
        self._journal: Journal[Change] = Journal(
            lambda changes: write_changes(database, changes, utc_now(), public_url=deps.public_url)
        )
        self._admissions: Batcher[Arrival, Outcome] = Batcher(
            lambda arrivals: admit(database, arrivals, utc_now()), pause_s=ADMISSION_PAUSE_S
        )
        self._openings: Batcher[OutgoingWish, Opened | Refusal] = Batcher(
            lambda wishes: open_calls(database, wishes, utc_now())
        )
        self._minutes = Batcher(partial(_reserve, database))
        self._signalling = Signalling(
            lambda traces: keep_traces(database, traces),
            lambda: (leg.call.sip_call_id for leg in self._records.live.values()),
        )
        self._records = Records(
            journal=self._journal,
            extensions=self._minutes,
            spawn=self._spawn,
            now=utc_now,
            trace=self._keep_trace if deps.keeps_signalling else lambda leg: None,
        )
        gate = Gate(database, deps.nonce_secret)
        self._arrivals = Arrivals(
            gate=gate, admissions=self._admissions, node=deps.node, now=utc_now, trace=self._signalling.ended
        )
        context = LegContext(
            deps.media, self._records, utc_now, self._spawn, lambda leg, refer: self._referrals.take(leg, refer)
        )
        any_run = RunOutside(database, deps.web, utc_now, self._spawn, deps.assistants, deps.post)
        streams = Streams(deps.sockets, database, utc_now)
        external_media = ExternalMedia(deps.sockets)
        runs = ApiRuns(database, any_run, tasks, utc_now)
        self._recordings = Recordings(
            database, deps.recordings, deps.node, deps.prompts, utc_now, runs.follow_recording, deps.public_url
        )
        self._transcribing = Transcribing(
            database, deps.recognizer, deps.node, deps.public_url, utc_now, runs.follow_transcription
        )
        self._agent = UserAgent(
            host=deps.host,
            port=deps.port,
            handler=self,
            advertised_host=deps.advertised_host,
            tap=self._signalling if deps.keeps_signalling else None,
        )
        self._gate = AudioGate(
            deps.gate_host,
            deps.gate_port,
            signer=deps.signer,
            live=self._records.live,
            sip=SipSockets(database, self._agent, deps.node),
            now=utc_now,
            spawn=self._spawn,
        )
        dialler = Dialler(database, self._agent, context, self._openings, deps.node, utc_now, self._records.started)
        programs = Programs(
            database,
            StoredCallerNames(database),
            node=deps.node,
            public_url=deps.public_url,
            document_timeout_s=deps.document_timeout_s,
        )

        def outside(run: Run, hops: int) -> CallOutside:
            return CallOutside(run, hops, self._subjects)

        beside = Beside(programs, deps.prompts, outside, utc_now)
        dialling = Dialling(dialler, beside, Ringing(deps.prompts), self._recordings)
        transfers = Transfers(database, dialling, deps.prompts, utc_now)
        waiting = WaitingSound(deps.prompts, beside)
        teller = StatusTeller(database)
        room_recordings = RoomRecordings(self._recordings, utc_now, self._spawn)
        conferences = Conferences(
            database, deps.media, deps.prompts, waiting, room_recordings, teller, utc_now, self._spawn
        )
        ringer = AgentRinger(dialler, utc_now)
        agent_calls = AgentCalls(database, ringer, conferences, utc_now)
        self._queues = Queues(database, deps.node, ringer, waiting, self._redirect, utc_now, self._spawn)
        self.runtime = Runtime(
            database=database,
            arrivals=self._arrivals,
            requests=Requests(database, gate, self._arrivals, deps.node, utc_now, self._agent.is_connected),
            dialler=dialler,
            records=self._records,
            outside=outside,
            follow=runs.follow,
            prompts=deps.prompts,
            programs=programs,
            recordings=self._recordings,
            context=context,
            is_overloaded=lambda: self._journal.is_full,
            orders={
                **CALL_ORDERS,
                **SoundOrders(deps.prompts).orders(),
                **self._recordings.orders(),
                **self._transcribing.orders(),
                "transfer": transfers.ordered,
                **conferences.orders(),
                **self._queues.orders(),
            },
            node_orders=groupcall_orders(Groupcalls(database, self._records.live.get, utc_now)),
        )
        self._referrals = Referrals(
            database, transfers, self.runtime.redirect, lambda: list(self._records.live.values())
        )
        self._subjects = Subjects(
            database=database,
            any_run=any_run,
            dialling=dialling,
            agent_calls=agent_calls,
            referrals=self._referrals,
            recordings=self._recordings,
            party_recordings=PartyRecordings(self._recordings, deps.prompts),
            conferences=conferences,
            queues=self._queues,
            hearing=Hearing(deps.recognizer, deps.prompts),
            transcribing=self._transcribing,
            streams=streams,
            external_media=external_media,
        )
        deps.set_media_lost(self._media_lost)

    async def _redirect(self, leg: Leg, source: ProgramSource) -> None:
        await self.runtime.redirect(leg, source)

    def loops(self) -> Sequence[Coroutine[Any, Any, None]]:
        return (
            self._journal.run(),
            self._admissions.run(),
            self._openings.run(),
            self._minutes.run(),
            self._queues.run(),
            self._signalling.run(),
            self._beat(),
            self._read_mail(),
            self._deps.hints.keep(self._hint),
        )

    async def start(self) -> None:
        await self._recordings.close_orphans()
        await self._transcribing.close_orphans()
        self._arrivals.set_trunks(await list_trunks(self._deps.database))
        await self._agent.start()
        await self._say_that_we_live()
        await announce_gate(self._deps.database, self._deps.node, await self._gate.start())
        log.info("voice_ready", host=self._agent.host, port=self._agent.port, node=self._deps.node)
        self._deps.on_ready(self._agent.port)

    async def drain(self) -> None:
        """No new calls; the live ones go on until they end or the time is over."""
        self._draining = True
        self._agent.drain()
        deadline = asyncio.get_running_loop().time() + self._deps.drain_s
        while self._records.live and asyncio.get_running_loop().time() < deadline:
            ended = [asyncio.ensure_future(leg.ended.wait()) for leg in self._records.live.values()]
            await asyncio.wait(ended, timeout=deadline - asyncio.get_running_loop().time())
            for wait in ended:
                wait.cancel()

    async def close(self) -> None:
        """Hang up what is left, and keep everything that happened."""
        for leg in list(self._records.live.values()):
            leg.hang_up(text="the voice process is stopping")
        await self._gate.close()
        await self._agent.close()
        try:
            async with asyncio.timeout(5):
                await self._journal.drained()
                await self._signalling.close()
        except TimeoutError:
            log.error("journal_not_drained", waiting=self._journal.waiting)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._tasks.create_task(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        """The edge of a task: its failure is its own."""
        try:
            await work
        except Refusal as refusal:
            log.warning("task_gave_up", reason=refusal.message)
        except Exception:
            log.exception("task_failed")

    def _keep_trace(self, leg: Leg) -> None:
        call = leg.call
        self._signalling.ended(
            TracedCall(call.id, call.account_id, call.sip_call_id, call.created_at, tuple(leg.facts))
        )

    def _media_lost(self) -> None:
        for leg in list(self._records.live.values()):
            if leg.media is not None:
                leg.lost_media()

    # --- the user agent's handler ---

    def may_send(self, source: Source) -> bool:
        return self.runtime.may_send(source)

    def on_invite(self, call: IncomingCall) -> None:
        self.runtime.on_invite(call)

    def on_request(self, request: IncomingRequest) -> None:
        self.runtime.on_request(request)

    # --- proof of life and the mailbox ---

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                self._arrivals.set_trunks(await list_trunks(self._deps.database))
                await self._say_that_we_live()
            except Unavailable:
                log.warning("beat_missed")

    async def _say_that_we_live(self) -> None:
        commands = await beat(
            self._deps.database,
            self._deps.node,
            sip_host=self._agent.host,
            sip_port=self._agent.port,
            draining=self._draining,
            now=utc_now(),
        )
        self._obey(commands)

    def _hint(self, word: str) -> None:
        if word in ("", self._deps.node):
            self._mail.set()

    async def _read_mail(self) -> None:
        while True:
            await self._mail.wait()
            self._mail.clear()
            try:
                self._obey(await take_commands(self._deps.database, self._deps.node))
            except Unavailable:
                log.warning("mailbox_not_read")  # the next beat reads it

    def _obey(self, commands: Sequence[NodeCommand]) -> None:
        for command in commands:
            self.runtime.obey(command)


async def _reserve(database: Database, requests: Sequence[HoldRequest]) -> list[int]:
    now: datetime = utc_now()
    async with database.transaction() as tx:
        return await extend_many(tx, requests, now)
