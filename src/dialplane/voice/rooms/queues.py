"""`JoinQueue` and `DialQueue` on this node: who waits here, whom an agent is rung for, and their talks.

Each node serves those who wait on it. Who is next is decided in the store, for all nodes
(`services/rooms/queuecalls.py`).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import structlog

from dialplane.domain.errors import LimitExceeded, NotFound, Refusal, Unavailable
from dialplane.domain.flows.facts import queue_facts
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, AgentId, QueuecallId, QueueId
from dialplane.domain.programs.dialling import Dialled, DialQueue
from dialplane.domain.programs.rooms import JoinQueue, QueueLeft, Waiting
from dialplane.domain.programs.sources import DocumentSource, FlowSource, ProgramSource
from dialplane.domain.rooms.queues import Queue, Queuecall
from dialplane.services.rooms.queuecalls import (
    Offer,
    end,
    end_wrap_up,
    enter,
    look,
    offer_next,
    put_back,
    serve,
    take_first,
    wrap_ups,
)
from dialplane.services.transaction import Database
from dialplane.voice.beside import BesideEnd
from dialplane.voice.leg import Leg
from dialplane.voice.orders import Order
from dialplane.voice.patience import carried_through, until_kept
from dialplane.voice.recording.dial_recording import DialRecording
from dialplane.voice.recording.recordings import Recordings
from dialplane.voice.rooms.agent_ringing import AgentRinger
from dialplane.voice.rooms.queue_facts import before_the_talk, facts
from dialplane.voice.rooms.waiting_sound import Facts, WaitingSound
from dialplane.voice.talks import talk

TICK_S = 1.0
"""How often queues are looked through for agents who have become free elsewhere (VoIPBIN: once a second)."""
RETRY_S = 3.0
"""An agent who did not answer is not rung again sooner."""
LONGEST_WAIT_S = 86_400.0

log = structlog.get_logger()
How = Literal["leave", "redirected", "timeout"]


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody in a queue."""

    leg: Leg
    run: Run
    queue: Queue
    call: Queuecall
    waiting: ProgramSource | Waiting
    """What the document wants to be heard; the queue's own wait flow goes before it."""
    how: How = "leave"
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody lets it go without a talk."""
    partner: Leg | None = None
    limit_s: float = 0
    met: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """The talk is over, or there was none."""
    sound: "asyncio.Task[object] | None" = None
    offering: "asyncio.Task[object] | None" = None
    served: "asyncio.Future[Queuecall] | None" = None
    """The talk has begun, and that is on its way to the store: nobody waits for it to talk."""

    def let_go(self, how: How) -> None:
        if not self.gone.is_set():
            self.how = how
            self.gone.set()

    def meet(self, partner: Leg, *, limit_s: float = 0) -> None:
        self.partner, self.limit_s = partner, limit_s
        self.met.set()


@dataclass(frozen=True, slots=True)
class Queues:
    """Those who wait on this node."""

    database: Database
    node: str
    ringer: AgentRinger
    waiting: WaitingSound
    recordings: Recordings
    redirect: Callable[[Leg, ProgramSource], Awaitable[None]]
    now: Callable[[], datetime]
    waiters: dict[QueuecallId, Waiter] = field(default_factory=dict)
    tried: dict[AgentId, float] = field(default_factory=dict)
    """When an agent was rung for nothing."""
    wrapping_up: dict[AgentId, datetime] = field(default_factory=dict)
    """When an agent's wrap-up ends by itself."""
    awake: asyncio.Event = field(default_factory=asyncio.Event)

    async def join(self, leg: Leg, command: JoinQueue, run: Run) -> QueueLeft:
        """Wait, and talk with whoever takes the call. Nothing is raised but what the audio refuses."""
        await leg.answer()
        await leg.media_ready()
        try:
            queue, call = await enter(self.database, leg.call, command, self.now())
        except (LimitExceeded, NotFound) as refusal:
            log.info("queue_not_joined", call_id=str(leg.call.id), reason=refusal.message)
            return QueueLeft("queue-full" if refusal.reason == "QUEUE_FULL" else "error", reason=refusal.message)
        run = replace(run, variables={**run.variables, **command.variables})
        waiter = Waiter(leg, run, queue, call, command.waiting)
        self.waiters[call.id] = waiter
        waiter.sound = asyncio.ensure_future(self._let_wait(waiter))
        self.awake.set()
        talked_s = 0.0
        try:
            await self._wait(waiter)
            if waiter.met.is_set() and not leg.is_ended:
                talked_s = await self._serve(waiter)
        except asyncio.CancelledError:
            waiter.how = "redirected"
            raise
        finally:
            ended = await carried_through(self._let_go(waiter), leg.keep)
        how = "bridged" if ended.service_at else waiter.how
        waited_s = round(ended.waited_s(self.now()))
        told = queue_facts(queue, call) | {"voipbin.queuecall.waited": str(waited_s)}
        return QueueLeft(how, queue.id, call.id, waited_s, round(talked_s), told)

    async def dial(self, leg: Leg, command: DialQueue, run: Run) -> Dialled:
        """Talk with whoever waits longest; wait for somebody to come for as long as the command says.

        Raises NotFound where there is no such queue, Conflict where that caller is on another node.
        """
        await leg.answer()
        await leg.media_ready()
        recording = DialRecording(self.recordings, leg, run.id, command.record)
        await recording.begin("ringing")
        try:
            return await recording.noted(await self._dial(leg, command, recording))
        finally:
            leg.on_key = None
            recording.stop()

    async def _dial(self, leg: Leg, command: DialQueue, recording: DialRecording) -> Dialled:
        leg.on_key = lambda key: _ends_talk(leg, key in command.hangup_key)
        deadline = asyncio.get_running_loop().time() + command.timeout_s
        while not leg.is_ended:
            waiter = await self._take(leg, command, recording)
            if waiter is not None:
                waiter.meet(leg, limit_s=command.time_limit_s)
                await waiter.over.wait()
                duration = waiter.call.served_s(self.now())
                return Dialled("answered", waiter.call.call_id, duration_s=round(duration))
            if asyncio.get_running_loop().time() >= deadline:
                return Dialled("failed", reason="nobody waits in the queue")
            await asyncio.sleep(min(TICK_S, command.timeout_s))
        return Dialled("cancel", reason="the caller hung up")

    async def _take(self, leg: Leg, command: DialQueue, recording: DialRecording) -> Waiter | None:
        """Who waits longest, having heard what it is to hear before the talk."""
        taken = await take_first(self.database, leg.call.account_id, command.queue, self.node, self.now())
        if taken is None:
            return None
        waiter = self.waiters.get(taken[1].id)
        if waiter is None:  # it has hung up this moment
            await self._end(taken[1])
            return None
        waiter.call = taken[1]
        if command.before_joining is not None:
            _stop_sound(waiter)
            heard = before_the_talk(command.before_joining, waiter.call, leg.call.id, self.now())
            word = await self.waiting.once(waiter.leg, waiter.run, heard)
            if word is BesideEnd.HANGUP:
                waiter.leg.hang_up()
            if waiter.leg.is_ended or word is BesideEnd.HANGUP:
                return None
        await recording.begin("answer")
        if leg.is_ended:  # who dialled the queue has hung up meanwhile: the caller waits on in its place
            waiter.sound = waiter.sound or asyncio.ensure_future(self._let_wait(waiter))
            await self._put_back(waiter.call)
            return None
        return waiter

    # --- waiting ------------------------------------------------------------------------------------------------------

    async def _let_wait(self, waiter: Waiter) -> None:
        wait_flow = waiter.queue.wait_flow_id
        sound = FlowSource(wait_flow) if wait_flow else waiter.waiting

        async def told() -> Facts:
            return facts(waiter.queue, waiter.call, await look(self.database, waiter.call, self.now()))

        end_of_it = await self.waiting.play(waiter.leg, waiter.run, sound, told)
        if end_of_it is BesideEnd.LEFT:
            waiter.let_go("leave")
        elif end_of_it is BesideEnd.HANGUP:
            waiter.leg.hang_up()

    async def _wait(self, waiter: Waiter) -> None:
        """Until it is over: somebody to talk with, let go, hung up, or waited for too long."""
        limit = waiter.call.wait_timeout_ms / 1000 or LONGEST_WAIT_S
        over = [asyncio.ensure_future(each.wait()) for each in (waiter.met, waiter.gone, waiter.leg.ended)]
        try:
            done, _ = await asyncio.wait(over, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in over:
                each.cancel()
            _stop_sound(waiter)
        if not done:
            waiter.let_go("timeout")

    async def _serve(self, waiter: Waiter) -> float:
        partner = waiter.partner
        assert partner is not None
        if partner.is_ended or partner.media is None:
            return 0.0
        call, now = waiter.call, self.now()
        waiter.served = asyncio.ensure_future(until_kept(lambda: serve(self.database, call, now)))
        limits = [each for each in (waiter.limit_s, waiter.call.service_timeout_ms / 1000) if each]
        leaving = asyncio.ensure_future(self._let_go_after(waiter, partner))
        try:
            return await talk(waiter.leg, partner, limit_s=min(limits, default=None))
        finally:
            if not partner.is_ended:
                leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)

    async def _let_go_after(self, waiter: Waiter, partner: Leg) -> None:
        """Who passes the caller on is free for the next one, however long those two talk."""
        await partner.ended.wait()
        await self._let_go(waiter)

    async def _let_go(self, waiter: Waiter) -> Queuecall:
        if waiter.over.is_set():
            return waiter.call
        self.waiters.pop(waiter.call.id, None)
        _stop_sound(waiter)
        if waiter.offering is not None:
            waiter.offering.cancel()
        if waiter.partner is not None and not waiter.partner.has_program:
            waiter.partner.hang_up()
        if waiter.served is not None:
            waiter.call = await waiter.served
        agent_id = waiter.call.service_agent_id
        waiter.call, free_at = await self._end(waiter.call)
        waiter.over.set()
        if agent_id is not None and free_at is not None:
            self.wrapping_up[agent_id] = free_at
        self.awake.set()
        return waiter.call

    # --- agents -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look through the queues in which somebody waits here, whenever something happens and once a second."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rest_s()):
                    await self.awake.wait()
            self.awake.clear()
            await self._try(self._end_wrap_ups())
            lines = {(waiter.call.account_id, waiter.queue.id) for waiter in self.waiters.values()}
            for account_id, queue_id in lines:
                await self._try(self._offer_all(account_id, queue_id), queue_id=str(queue_id))

    def _rest_s(self) -> float | None:
        """Until the next turn, unless something happens; None where nobody waits for anything."""
        rests = [max((each - self.now()).total_seconds(), 0.0) for each in self.wrapping_up.values()]
        return min([*rests, TICK_S]) if self.waiters else min(rests, default=None)

    async def _try(self, work: Coroutine[Any, Any, None], **facts: str) -> None:
        """The edge of the loop that all queues need."""
        try:
            await work
        except Unavailable:
            log.warning("queue_not_served", **facts)  # the next turn tries again
        except Exception:
            log.exception("queue_failed", **facts)

    async def _offer_all(self, account_id: AccountId, queue_id: QueueId) -> None:
        while True:
            now_s = asyncio.get_running_loop().time()
            resting = {agent for agent, at in self.tried.items() if now_s - at < RETRY_S}
            offer = await offer_next(
                self.database,
                account_id,
                queue_id,
                self.node,
                self.now(),
                chance=random.random(),  # who is rung is no secret
                resting=resting,
            )
            if offer is None:
                return
            waiter = self.waiters.get(offer.call.id)
            if waiter is None:  # it has hung up this moment, and its end is on the way to the store
                await self._put_back(offer.call)
                return
            waiter.call = offer.call
            waiter.offering = asyncio.ensure_future(self._offer(waiter, offer))

    async def _offer(self, waiter: Waiter, offer: Offer) -> None:
        """Ring the agent for the caller. Cancelled where the caller is gone; its end frees the agent then."""
        answered = None
        try:
            answered = await self.ringer.ring(waiter.leg, offer.agent)
        except Refusal as refusal:
            log.warning("agent_not_rung", agent_id=str(offer.agent.id), reason=refusal.message)
        if answered is not None and not answered.is_ended:
            waiter.meet(answered)
            return
        self.tried[offer.agent.id] = asyncio.get_running_loop().time()
        await self._put_back(offer.call)
        self.awake.set()

    async def take_over_wrap_ups(self) -> None:
        """End those that an earlier process has begun, each in its time. Twice does no harm."""
        self.wrapping_up.update(await wrap_ups(self.database))
        self.awake.set()

    async def _end_wrap_ups(self) -> None:
        for agent_id in [agent_id for agent_id, free_at in self.wrapping_up.items() if free_at <= self.now()]:
            await end_wrap_up(self.database, agent_id, self.now())
            del self.wrapping_up[agent_id]

    # --- written however long the store is away -----------------------------------------------------------------------

    async def _put_back(self, call: Queuecall) -> None:
        now = self.now()
        await until_kept(lambda: put_back(self.database, call, now), queuecall_id=str(call.id))

    async def _end(self, call: Queuecall) -> tuple[Queuecall, datetime | None]:
        now = self.now()
        return await until_kept(lambda: end(self.database, call, now), queuecall_id=str(call.id))

    # --- orders -------------------------------------------------------------------------------------------------------

    def orders(self) -> Mapping[str, Order]:
        return {"queue_kick": self._kick, "queue_redirect": self._redirect}

    async def _kick(self, leg: Leg, payload: Mapping[str, object]) -> None:
        if leg.talk is not None:
            leg.talk.over.set()
        elif waiter := self._waiter(leg):
            waiter.let_go("leave")

    async def _redirect(self, leg: Leg, payload: Mapping[str, object]) -> None:
        if self._waiter(leg) is not None:
            method: Literal["GET", "POST"] = "GET" if payload["method"] == "GET" else "POST"
            await self.redirect(leg, DocumentSource(str(payload["url"]), method))

    def _waiter(self, leg: Leg) -> Waiter | None:
        return next((each for each in self.waiters.values() if each.leg is leg), None)


def _ends_talk(leg: Leg, is_end: bool) -> bool:
    if is_end and leg.talk is not None:
        leg.talk.over.set()
    return is_end and leg.talk is not None


def _stop_sound(waiter: Waiter) -> None:
    if waiter.sound is not None:
        waiter.sound.cancel()
        waiter.sound = None
        if waiter.leg.media is not None and not waiter.leg.is_ended:
            waiter.leg.media.stop_playing()
