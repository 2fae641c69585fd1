"""How the parts of a voice node are joined: what writes, what listens, one object for each subject of commands."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from dialplane.domain.calling.trust import Trust
from dialplane.domain.charging.ledger import HoldRequest
from dialplane.domain.errors import Refusal
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import utc_now
from dialplane.domain.programs.sources import ProgramSource
from dialplane.services.calling.admission import Outcome, admit
from dialplane.services.calling.arrivals import Arrival
from dialplane.services.calling.call_records import Change, write_changes
from dialplane.services.calling.caller_names import StoredCallerNames
from dialplane.services.calling.dialling import Opened, OutgoingWish, open_calls
from dialplane.services.calling.goodbyes import GOODBYE_ORDER
from dialplane.services.calling.traces import keep_traces
from dialplane.services.charging.ledger import extend_many
from dialplane.services.messaging.client_messages import ORDER as TEXT_ORDER
from dialplane.services.programs.api_runs import ApiRuns
from dialplane.services.programs.outside import RunOutside
from dialplane.services.transaction import Database
from dialplane.voice.arrivals import Arrivals
from dialplane.voice.authentication import Gate
from dialplane.voice.batching import Batcher, Dense
from dialplane.voice.beside import Beside
from dialplane.voice.defence.admission_rate import AdmissionRate
from dialplane.voice.defence.defence import Defence
from dialplane.voice.deps import VoiceDeps
from dialplane.voice.dialler import Dialler
from dialplane.voice.dialling import Dialling
from dialplane.voice.goodbyes import Goodbyes
from dialplane.voice.groupcalls import Groupcalls
from dialplane.voice.groupcalls import orders as groupcall_orders
from dialplane.voice.hearing import Hearing
from dialplane.voice.journal import Journal
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import LegContext
from dialplane.voice.orders import CALL_ORDERS, SoundOrders
from dialplane.voice.outside import CallOutside, Subjects
from dialplane.voice.patience import PatientDatabase
from dialplane.voice.programs import Programs
from dialplane.voice.recording.party_recordings import PartyRecordings
from dialplane.voice.recording.recordings import Recordings
from dialplane.voice.recording.transcription import Transcribing
from dialplane.voice.records import Records
from dialplane.voice.referrals import Referrals
from dialplane.voice.requests import Requests
from dialplane.voice.ringing import Ringing
from dialplane.voice.rooms.agent_calls import AgentCalls
from dialplane.voice.rooms.agent_ringing import AgentRinger
from dialplane.voice.rooms.conference_callbacks import StatusTeller
from dialplane.voice.rooms.conferences import Conferences
from dialplane.voice.rooms.far_rooms import FarRooms, Standing
from dialplane.voice.rooms.queues import Queues
from dialplane.voice.rooms.room_lines import RoomLines
from dialplane.voice.rooms.room_recordings import RoomRecordings
from dialplane.voice.rooms.waiting_sound import WaitingSound
from dialplane.voice.runtime import Runtime
from dialplane.voice.signalling import Signalling, TracedCall
from dialplane.voice.speakings import Speakings
from dialplane.voice.streaming.external_media import ExternalMedia
from dialplane.voice.streaming.gate import AudioGate
from dialplane.voice.streaming.streams import Streams
from dialplane.voice.taps import together
from dialplane.voice.texts import Texts
from dialplane.voice.transfers import Transfers
from dialplane.voice.trunking.kept_places import KeptPlaces
from dialplane.voice.trunking.named_servers import NamedServers
from dialplane.voice.trunking.trunking import Trunking
from dialplane.voice.trust.certificates import CertificateCache
from dialplane.voice.trust.signing import Signing
from dialplane.voice.trust.verifying import Verifying
from dialplane.voice.useragent.agent import UserAgent
from dialplane.voice.useragent.edges import Edges
from dialplane.voice.useragent.events import Handler
from dialplane.voice.useragent.sip_sockets import SipSockets

ADMISSION_PAUSE_S = 0.08
"""Between two batches of arrivals; the first after a quiet time waits for nothing. No ear notices, and a batch costs
the same round trips for two calls as for twenty."""
DENSE_ARRIVALS = Dense(range(8, 32), pause_s=2 * ADMISSION_PAUSE_S)

Spawn = Callable[[Coroutine[Any, Any, Any]], None]
"""Run something in a task of the node; its failure is logged and ends only itself."""


class Batches:
    """What the calls of a node have in common on their way to the store."""

    def __init__(self, deps: VoiceDeps, patient: Database) -> None:
        database = deps.database
        self.journal: Journal[Change] = Journal(
            lambda changes: write_changes(database, changes, utc_now(), public_url=deps.public_url)
        )
        self.admissions: Batcher[Arrival, Outcome] = Batcher(
            lambda arrivals: admit(database, arrivals, utc_now()),
            pause_s=ADMISSION_PAUSE_S,
            dense=DENSE_ARRIVALS,
        )
        self.openings: Batcher[OutgoingWish, Opened | Refusal] = Batcher(
            lambda wishes: open_calls(patient, wishes, utc_now())
        )
        self.minutes: Batcher[HoldRequest, int] = Batcher(partial(_reserve, database))


class Assembly:
    """A node's parts, each made once, in the order in which they need each other.

    Where two need one another the first gets a function that finds the second when it is called.
    """

    def __init__(
        self,
        deps: VoiceDeps,
        tasks: asyncio.TaskGroup,
        spawn: Spawn,
        handler: Handler,
        holds_lease: Callable[[], bool],
    ) -> None:
        self._deps = deps
        self._holds_lease = holds_lease
        self._spawn = spawn
        self._patient = PatientDatabase(deps.database)
        self.batches = Batches(deps, self._patient)
        self._join_wire(handler)
        self._join_ways_out(tasks)
        self._join_rooms()
        self._join_runtime()
        self._join_subjects()

    def loops(self) -> Sequence[Coroutine[Any, Any, None]]:
        """What goes on for as long as the node does."""
        return (
            self.batches.journal.run(),
            self.batches.admissions.run(),
            self.batches.openings.run(),
            self.batches.minutes.run(),
            self.queues.run(),
            self.signalling.run(),
            self.trunking.run(),
        )

    def _join_wire(self, handler: Handler) -> None:
        """What hears and speaks SIP, and keeps what happens to calls."""
        deps, database = self._deps, self._deps.database
        self.signalling = Signalling(
            lambda traces: keep_traces(database, traces),
            lambda: (leg.call.sip_call_id for leg in self.records.live.values()),
        )
        self.records = Records(
            journal=self.batches.journal,
            extensions=self.batches.minutes,
            spawn=self._spawn,
            now=utc_now,
            trace=self._keep_trace if deps.keeps_signalling or deps.tell_over else lambda leg: None,
        )
        counters: Counter[str] = Counter()
        self.defence = Defence(
            AdmissionRate(deps.calls_per_second, deps.calls_at_once),
            asyncio.get_running_loop().time,
            is_trunk=self._is_trunk,
            counters=counters,
        )
        self._credentials = Gate(database, deps.nonce_secret, self.defence)
        self.certificates = CertificateCache(deps.certificates, asyncio.get_running_loop().time)
        self._verifying = Verifying(deps.database, self.certificates, utc_now)
        self.arrivals = Arrivals(
            gate=self._credentials,
            admissions=self.batches.admissions,
            verifying=self._verifying,
            node=deps.node,
            now=utc_now,
            trace=self.signalling.ended,
            has_room=lambda trunk: self.trunking.limits.take(trunk),
        )
        self.agent = UserAgent(
            host=deps.host,
            port=deps.port,
            handler=handler,
            counters=counters,
            advertised_host=deps.advertised_host,
            tap=together(self.signalling if deps.keeps_signalling else None, deps.looker_on),
            tls=deps.tls,
            edges=Edges(deps.edges),
        )
        self.gate = AudioGate(
            deps.gate_host,
            deps.gate_port,
            signer=deps.signer,
            live=self.records.live,
            lines=lambda: self._lines,
            sip=SipSockets(database, self.agent, deps.node),
            now=utc_now,
            spawn=self._spawn,
        )
        self.trunking = Trunking(deps.database, self.agent, deps.node, utc_now, self._spawn, self.arrivals, deps.names)
        self._context = LegContext(
            deps.media, self.records, utc_now, self._spawn, lambda leg, refer: self._referrals.take(leg, refer)
        )

    def set_trust(self, trust: Trust) -> None:
        """Whom the operator believes now, and what is signed."""
        self._verifying.set_trust(trust)
        self._signing.set_trust(trust)

    def _is_trunk(self, host: str) -> bool:
        return self.arrivals.is_trunk(host)

    def _join_ways_out(self, tasks: asyncio.TaskGroup) -> None:
        """What programs are made of, and how they reach what is not their call."""
        deps, database = self._deps, self._patient
        self._any_run = RunOutside(
            database, deps.web, utc_now, self._spawn, deps.assistants, deps.post, deps.public_url
        )
        self._runs = ApiRuns(database, self._any_run, tasks, utc_now)
        self.recordings = Recordings(
            database, deps.recordings, deps.node, deps.prompts, utc_now, self._runs.follow_recording, deps.public_url
        )
        self.transcribing = Transcribing(
            database,
            deps.recognizer,
            deps.node,
            deps.public_url,
            utc_now,
            self._runs.follow_transcription,
            lambda: self._lines,
        )
        self._programs = Programs(
            database,
            StoredCallerNames(database),
            node=deps.node,
            public_url=deps.public_url,
            document_timeout_s=deps.document_timeout_s,
        )
        self._signing = Signing(database, utc_now)
        self._dialler = Dialler(
            database,
            self.agent,
            self._context,
            self.batches.openings,
            deps.node,
            utc_now,
            self.records.started,
            self.trunking.gateways,
            self.trunking.limits,
            self._signing,
            NamedServers(
                self.agent,
                KeptPlaces(deps.names, self.agent.wires, self._spawn),
                deps.may_reach,
                self.trunking.is_of_others,
            ),
        )
        self._beside = Beside(self._programs, deps.prompts, self._outside, utc_now)
        self._dialling = Dialling(self._dialler, self._beside, Ringing(deps.prompts), self.recordings)
        self._transfers = Transfers(database, self._dialling, deps.prompts, utc_now)

    def _join_rooms(self) -> None:
        """Conferences and queues, and who is rung for them."""
        deps, database = self._deps, self._patient
        waiting = WaitingSound(deps.prompts, self._beside)
        self._far_rooms = FarRooms(
            database,
            self.agent,
            deps.signer,
            deps.node,
            replace(self._context, recorder=Standing(self.records.live)),
            self.records.live,
            lambda: self._conferences,
            utc_now,
        )
        ringer = AgentRinger(self._dialler, utc_now)
        self._conferences = Conferences(
            database,
            deps.media,
            deps.prompts,
            waiting,
            RoomRecordings(self.recordings, utc_now, self._spawn),
            StatusTeller(database),
            utc_now,
            self._spawn,
            self._far_rooms.join,
        )
        self._lines = RoomLines(deps.media, self._conferences.rooms)
        self._agent_calls = AgentCalls(database, ringer, self._conferences, utc_now)
        self.queues = Queues(database, deps.node, ringer, waiting, self.recordings, self._redirect, utc_now)

    def _join_runtime(self) -> None:
        """Where calls, requests and orders come in."""
        deps, database = self._deps, self._patient
        texts = Texts(deps.database, self.agent, utc_now)
        self.runtime = Runtime(
            database=database,
            arrivals=self.arrivals,
            requests=Requests(
                deps.database,
                self._credentials,
                self.arrivals,
                deps.node,
                utc_now,
                self.agent.is_connected,
                self.agent.edges.path_of,
                texts,
            ),
            dialler=self._dialler,
            records=self.records,
            outside=self._outside,
            follow=self._runs.follow,
            prompts=deps.prompts,
            programs=self._programs,
            recordings=self.recordings,
            context=self._context,
            defence=self.defence,
            limits=self.trunking.limits,
            far_rooms=self._far_rooms,
            is_overloaded=lambda: self.batches.journal.is_full or not self._holds_lease(),
            orders={
                **CALL_ORDERS,
                **SoundOrders(deps.prompts).orders(),
                **self.recordings.orders(),
                **self.transcribing.orders(),
                "transfer": self._transfers.ordered,
                **self._conferences.orders(),
                **Speakings(database, deps.prompts, self._lines, utc_now).orders(),
                **self.queues.orders(),
            },
            node_orders={
                **groupcall_orders(Groupcalls(database, self.records.live.get, utc_now)),
                TEXT_ORDER: texts.deliver,
                GOODBYE_ORDER: Goodbyes(self.agent, utc_now).ordered,
            },
        )

    def _join_subjects(self) -> None:
        """What carries out the commands of programs."""
        deps, database = self._deps, self._patient
        self._referrals = Referrals(
            database, self._transfers, self.runtime.redirect, lambda: list(self.records.live.values())
        )
        self._subjects = Subjects(
            database=database,
            any_run=self._any_run,
            dialling=self._dialling,
            agent_calls=self._agent_calls,
            referrals=self._referrals,
            recordings=self.recordings,
            party_recordings=PartyRecordings(self.recordings, deps.prompts),
            conferences=self._conferences,
            queues=self.queues,
            hearing=Hearing(deps.recognizer, deps.prompts),
            transcribing=self.transcribing,
            streams=Streams(deps.sockets, database, utc_now),
            external_media=ExternalMedia(deps.sockets),
        )

    def _outside(self, run: Run, hops: int) -> CallOutside:
        return CallOutside(run, hops, self._subjects)

    async def _redirect(self, leg: Leg, source: ProgramSource) -> None:
        await self.runtime.redirect(leg, source)

    def _keep_trace(self, leg: Leg) -> None:
        call, facts = leg.call, tuple(leg.facts)
        if self._deps.keeps_signalling:
            self.signalling.ended(TracedCall(call.id, call.account_id, call.sip_call_id, call.created_at, facts))
        if self._deps.tell_over is not None:
            self._deps.tell_over(call, facts)


async def _reserve(database: Database, requests: Sequence[HoldRequest]) -> list[int]:
    now: datetime = utc_now()
    async with database.transaction() as tx:
        return await extend_many(tx, requests, now)
