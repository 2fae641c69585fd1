"""The call runtime: new calls, requests and orders come in here, and each gets a task of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import structlog

from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.errors import Refusal
from dialplane.domain.flows.run import Run, RunProgress, apply_progress
from dialplane.domain.ids import CallId
from dialplane.domain.operating.log_subject import CALL
from dialplane.domain.programs.program import Program
from dialplane.domain.programs.source_json import read_source
from dialplane.domain.programs.sources import DocumentSource, DocumentText, ProgramSource
from dialplane.domain.recording.recordings import RecordingSource
from dialplane.sdp.negotiation import NotAcceptable
from dialplane.sdp.session import SdpError
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.calling.outgoing import DialOrder, read_order
from dialplane.services.programs.runs import begin_run_of_call, get_run
from dialplane.services.transaction import Database
from dialplane.sip.message import Request, Response
from dialplane.voice.arrivals import BUSY, Arrivals, clean
from dialplane.voice.defence.defence import Defence
from dialplane.voice.dialler import MAX_HOPS, Dialler
from dialplane.voice.driver import Driver, Outside
from dialplane.voice.exchanges import exchange_for
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import LegContext
from dialplane.voice.machines import detect_machine
from dialplane.voice.orders import Order
from dialplane.voice.ports import Prompts
from dialplane.voice.programs import Programs, flow_program
from dialplane.voice.recording.dial_recording import DialRecording
from dialplane.voice.recording.recordings import Recordings
from dialplane.voice.records import Records
from dialplane.voice.requests import Requests
from dialplane.voice.rooms.far_rooms import ROOM, FarRooms
from dialplane.voice.trunking.limits import TrunkLimits
from dialplane.voice.useragent.agent import CallEnd, IncomingCall, IncomingRequest, SipCall, Source
from dialplane.voice.useragent.station import HOPS

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the user agent's `Handler` is told of calls and requests."""

    database: Database
    arrivals: Arrivals
    requests: Requests
    dialler: Dialler
    records: Records
    outside: Callable[[Run, int], Outside]
    """What the program of a run may do; the number is how often its call came back to us."""
    follow: Callable[[Run], Awaitable[object]]
    """Begin what follows a run that is over."""
    prompts: Prompts
    programs: Programs
    recordings: Recordings
    context: LegContext
    defence: Defence
    limits: TrunkLimits
    far_rooms: FarRooms
    is_overloaded: Callable[[], bool]
    """Whether what happens to more calls could not be kept."""
    orders: Mapping[str, Order]
    """What may be ordered of a live call, by the kind of the command."""
    node_orders: Mapping[str, Callable[[NodeCommand], Coroutine[Any, Any, None]]]
    """What may be ordered that is about no single call."""
    placing: dict[CallId, list[NodeCommand]] = field(default_factory=dict)
    """Calls of the mailbox that have no leg yet, and what was ordered of them meanwhile."""

    # --- what the user agent tells ---

    def on_asking(self, peer: Source) -> None:
        self.defence.knows(peer.host)

    def on_invite(self, call: IncomingCall) -> None:
        if self.is_overloaded() or not self.defence.may_begin_call():
            call.reject(503, headers=(BUSY,))
            return
        if ROOM in call.request.headers:
            self.context.spawn(self.far_rooms.take(call))
            return
        # The watcher is there before the task begins: the caller's CANCEL may be the next datagram.
        early = EarlyEnd()
        call.watcher = early
        self.context.spawn(self._take(call, early))

    def on_request(self, request: IncomingRequest) -> None:
        self.context.spawn(self.requests.take(request))

    # --- incoming calls ---

    async def _take(self, call: IncomingCall, early: "EarlyEnd") -> None:
        hops = _hops(call)
        if hops > MAX_HOPS:
            _log_refused(call, 482, "it came back too often")
            call.reject(482)
            return
        try:
            audio = exchange_for(call.request.body, over_websocket=call.source.transport == "ws")
        except (NotAcceptable, SdpError) as fault:
            _log_refused(call, 488, fault.problem)
            call.reject_offer(fault.problem)
            return
        taken = await self.arrivals.take(call, audio)
        if taken is None:
            return
        admitted = taken.admitted
        leg = Leg(admitted.call, self.context, billing=admitted.billing, audio=taken.audio)
        leg.sip = call
        if taken.trunk is not None:
            self.limits.began(taken.trunk, leg)
        self.records.started(leg)
        if early.end is None:
            call.watcher = call.referrer = leg
        else:
            leg.on_ended(call, early.end)
        if admitted.runs_nothing:
            leg.hang_up(sip_code=404)
        if admitted.document is None:
            program: Program = flow_program(admitted.actions, admitted.run)
        else:
            program = await self.programs.first_document(admitted.document, leg, admitted.run, admitted.looks_up_name)
        await self._run(leg, admitted.run, program, hops=hops)

    async def _run(self, leg: Leg, run: Run, program: Program, *, hops: int = 0) -> None:
        """Run the leg's program until it or the call ends, then close the run and begin what follows it."""
        CALL.set((leg.call.id, leg.call.account_id))
        leg.has_program = True
        leg.run = run
        outside = self.outside(run, hops)
        while not leg.is_ended:
            if leg.replacement is not None:
                program, leg.replacement = leg.replacement, None
                leg.told_record = None
            driver = Driver(leg, program, self.prompts, outside, self.context.now, self.records.run_moved)
            await self._drive(leg, driver)
            if leg.replacement is None:
                break
        await leg.ended.wait()
        ended = program.record()
        if not ended.ended:
            ended = replace(ended, ended=True)
        self.records.run_over(leg, ended)
        if run.on_complete_flow_id is not None:
            await self._follow(apply_progress(RunProgress(run, ended, self.context.now())))

    async def _drive(self, leg: Leg, driver: Driver) -> None:
        """Drive in the call's own task: who ends the command (`leg.driver`) cancels the task, and here it goes on."""
        task = leg.driver = asyncio.current_task()
        assert task is not None
        try:
            await driver.run()
            leg.driver = None
            if task.cancelling():  # asked for by the program's last step: it comes with the next wait, and must not
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            if not leg.is_ended and leg.replacement is None:  # this process is going down, and the call with it
                leg.hang_up(HangupReason.FAILED, text="the voice process is stopping")
                raise
            while task.cancelling():  # two redirects in one turn ask twice
                task.uncancel()
        except Exception:
            log.exception("call_failed", call_id=str(leg.call.id))
            leg.hang_up(HangupReason.FAILED, text="an internal error")
        finally:
            leg.driver = None  # it holds the leg

    async def _follow(self, run: Run) -> None:
        try:
            await self.follow(run)
        except Refusal as refusal:
            log.warning("following_run_not_started", run_id=str(run.id), reason=refusal.message)

    async def redirect(self, leg: Leg, source: ProgramSource, *, moves_partner: bool = False) -> None:
        """Let `leg` drop what it does and run `source` instead, from its beginning.

        Somebody it talks with is hung up, or goes on with its own program where it has one, or runs the same with
        `moves_partner`. Raises the Refusal where there is no such program; the call then goes on as it was.
        """
        talk = leg.talk
        moving = [leg, leg.partner] if moves_partner else [leg]
        made: list[tuple[Leg, Run, Program]] = []
        for each in moving:
            if each is not None and not each.is_ended:
                run = await self._run_of(each)
                made.append((each, run, await self.programs.make(source, each, run)))
        # The callee first: a master that is cancelled hangs up whom it dialled, but for those with a program.
        for each, run, program in sorted(made, key=lambda one: one[0].has_program):
            self._put(each, run, program)
        if talk is not None:
            talk.over.set()

    async def _run_of(self, leg: Leg) -> Run:
        """The leg's run; a party of somebody else's call has none of its own until now."""
        if leg.has_program and leg.call.run_id is not None:
            return await get_run(self.database, leg.call.account_id, leg.call.run_id)
        run = await begin_run_of_call(self.database, leg.call, self.context.now())
        leg.update(run_id=run.id)
        return run

    def _put(self, leg: Leg, run: Run, program: Program) -> None:
        if leg.has_program:
            leg.run_instead(program)
        else:
            leg.has_program = True
            self.context.spawn(self._run(leg, run, program))

    # --- orders from the mailbox ---

    def obey(self, command: NodeCommand) -> None:
        """Carry out an order of the node's mailbox. One about a call that has ended in the meantime is dropped."""
        if command.kind == "dial":
            self.placing[command.call_id] = []
            self.context.spawn(self._place(command))
            return
        if (early := self.placing.get(command.call_id)) is not None:
            early.append(command)
            return
        if (node_order := self.node_orders.get(command.kind)) is not None:
            self.context.spawn(node_order(command))
            return
        leg = self.records.live.get(command.call_id)
        order = self.redirect_ordered if command.kind == "redirect" else self.orders.get(command.kind)
        if order is None:
            log.error("unknown_order", kind=command.kind, call_id=str(command.call_id))
        elif leg is not None:
            self.context.spawn(order(leg, command.payload))

    async def redirect_ordered(self, leg: Leg, payload: Mapping[str, object]) -> None:
        source = payload["source"]
        assert isinstance(source, dict)
        await self.redirect(leg, read_source(source), moves_partner=payload.get("move_partner") is True)

    async def _place(self, command: NodeCommand) -> None:
        """An outgoing call: its program begins when the party answers, or at once."""
        try:
            order = await read_order(self.database, command)
        except Refusal as refusal:
            log.warning("order_not_carried_out", call_id=str(command.call_id), reason=refusal.message)
            return
        finally:
            early = self.placing.pop(command.call_id)
        leg = self.dialler.make_leg(order.call, order.billing)
        leg.has_program = True
        for each in early:
            self.obey(each)
        try:
            program = await self.programs.make(order.source, leg, order.run)
        except Refusal as refusal:
            leg.hang_up(HangupReason.FAILED, text=refusal.message)
            program = flow_program((), order.run)
        if order.manner.early_execution:
            leg.keep(self.place(leg, order))
        else:
            await self.place(leg, order)
            if not leg.is_answered:
                program = flow_program((), order.run)
            elif isinstance(order.source, DocumentSource | DocumentText):  # the first request tells of the answer
                program = await self.programs.make(order.source, leg, order.run)
        await self._run(leg, order.run, program)

    async def place(self, leg: Leg, order: DialOrder) -> None:
        """Call the party, with what was ordered beside: recording, listening for a machine."""
        recording = DialRecording(
            self.recordings, leg, order.run.id, order.manner.record, source=RecordingSource.OUTBOUND_CALL
        )
        await recording.begin("ringing")
        await self.dialler.place(leg, order.manner, partial(recording.begin, "answer"))
        if leg.is_answered and not leg.is_ended and order.manner.machine is not None:
            await detect_machine(self.database, leg, order.manner.machine)


class EarlyEnd:
    """Watches a call that is not let in yet: all that may happen to it is its end."""

    def __init__(self) -> None:
        self.end: CallEnd | None = None

    def on_provisional(self, call: SipCall, response: Response) -> None:
        """Only outgoing calls get answers."""

    def on_answered(self, call: SipCall, sdp: bytes) -> None:
        """Nothing was answered yet."""

    def on_renegotiated(self, call: SipCall, sdp: bytes) -> None:
        """Nothing was negotiated yet."""

    def on_offer(self, call: SipCall, sdp: bytes) -> bytes | int:
        return 491

    def on_info(self, call: SipCall, request: Request) -> None:
        """A digit before anything listens is nobody's."""

    def on_ended(self, call: SipCall, end: CallEnd) -> None:
        self.end = end


def _log_refused(call: IncomingCall, status: int, reason: str) -> None:
    """Of a call that is refused before anybody asks whose it is: nothing else tells of it."""
    log.info("call_refused", sip_call_id=clean(call.id), source=call.source.host, status=status, reason=reason)


def _hops(call: IncomingCall) -> int:
    """How often the call came back to us already. A stranger may set it: it only shortens its own way."""
    text = call.request.headers.get(HOPS) or "0"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
