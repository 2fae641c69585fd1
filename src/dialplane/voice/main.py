"""The voice role: takes calls from the start of the process until it is told to stop, and says that it lives."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

import structlog

from dialplane import compiled
from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.errors import Refusal, Unavailable
from dialplane.domain.ids import utc_now
from dialplane.services.calling.calls import NodeCommand, take_commands
from dialplane.services.calling.media_streams import announce_gate
from dialplane.services.calling.trunks import list_trunks
from dialplane.services.calling.trust import read_trust
from dialplane.services.operating.nodes import Begun, beat_node, begin_node, leave
from dialplane.voice.assembly import Assembly
from dialplane.voice.deps import VoiceDeps
from dialplane.voice.figures import NodeFigures
from dialplane.voice.useragent.agent import IncomingCall, IncomingRequest, Source
from dialplane.voice.waiting import first_of

CLOSING_S = 10.0
"""How long a node that has no calls any more waits for rooms, recordings and runs to write their ends."""
LOOK_S = 0.25
"""How often the node looks whether it still holds its lease."""
BEAT_S = 1.0
"""How often the node says that it lives; a dead node's calls are billed up to the last time."""

log = structlog.get_logger()


async def serve(deps: VoiceDeps, stop: asyncio.Event, hurry: asyncio.Event | None = None) -> None:
    """Take calls until `stop`, then let the live ones end within `drain_s`, or until `hurry` (AV-1).

    Raises OSError where the SIP address cannot be bound, Unavailable where the store is away at the start.
    """
    node = _Node(deps, await _begin(deps))
    async with asyncio.TaskGroup() as loops:
        going_on = [loops.create_task(work) for work in node.loops()]
        try:
            await node.run(stop, hurry or asyncio.Event())
        finally:
            await node.keep_everything()
            for loop in going_on:
                loop.cancel()
    await node.leave()


async def _begin(deps: VoiceDeps) -> Begun:
    host = deps.advertised_host or deps.host
    return await begin_node(
        deps.database, deps.node, sip_host=host, sip_port=deps.port, version=deps.version, now=utc_now()
    )


class _Node:
    """The life of one voice process: its loops, its beat, its mailbox, its end."""

    def __init__(self, deps: VoiceDeps, begun: Begun) -> None:
        self._deps = deps
        self._life = begun.life
        self._tasks = asyncio.TaskGroup()
        self._draining = False
        self._is_stopping = False
        self._has_lost_lease = False
        self._told_to_end = asyncio.Event()
        """It was asked to drain, and carries nothing any more."""
        self._mail = asyncio.Event()
        self._speaks_sip = asyncio.Event()
        self._parts = Assembly(deps, self._tasks, self._spawn, self, self._holds_lease)
        self._beat_at = asyncio.get_running_loop().time()
        self._take_leave_of(begun)
        deps.set_media_lost(self._media_lost)

    def loops(self) -> Sequence[Coroutine[Any, Any, None]]:
        return (
            *self._parts.loops(),
            self._beat(),
            self._watch_lease(),
            self._read_mail(),
            self._deps.hints.keep(self._hint),
        )

    async def run(self, stop: asyncio.Event, hurry: asyncio.Event) -> None:
        """The whole of it, but for what is still to be written. See `serve`."""
        limit = asyncio.timeout(None)
        try:
            async with limit, self._tasks:
                try:
                    await self._start()
                    await first_of(stop.wait(), self._told_to_end.wait())
                    await self._drain(hurry)
                finally:
                    await self._close()
                    limit.reschedule(asyncio.get_running_loop().time() + CLOSING_S)
        except TimeoutError:
            log.warning("tasks_cut_off")  # what they have not written is ended by the next start

    async def _start(self) -> None:
        await self._parts.recordings.close_orphans()
        await self._parts.transcribing.close_orphans()
        await self._parts.queues.take_over_wrap_ups()
        self._parts.trunking.set_trunks(await list_trunks(self._deps.database))
        self._parts.set_trust(await read_trust(self._deps.database))
        self._deps.observe(self._figures())
        await self._parts.agent.start()
        self._speaks_sip.set()
        await self._say_that_we_live()
        await announce_gate(self._deps.database, self._deps.node, await self._parts.gate.start())
        agent = self._parts.agent
        log.info("voice_ready", host=agent.host, port=agent.port, node=self._deps.node, core=compiled.state())
        self._deps.on_ready(self._parts.agent.port)

    async def _drain(self, hurry: asyncio.Event) -> None:
        """No new calls; the live ones go on until they end, the time is over, or there is no time."""
        self._draining = self._is_stopping = True
        self._parts.agent.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._deps.drain_s):
                while self._carries_calls() and not hurry.is_set():
                    legs = self._parts.records.live.values()
                    looking = () if legs else (asyncio.sleep(LOOK_S),)  # what is being let in has no leg yet
                    await first_of(hurry.wait(), *looking, *(leg.ended.wait() for leg in legs))

    async def _close(self) -> None:
        """Hang up what is left. What belongs to calls has `CLOSING_S` then to write how it ended."""
        for leg in list(self._parts.records.live.values()):
            leg.hang_up(text="the voice process is stopping")
        await self._parts.trunking.close()
        await self._parts.gate.close()
        await self._parts.certificates.close()
        await self._parts.agent.close()

    async def keep_everything(self) -> None:
        """Write what happened, which nothing adds to any more."""
        try:
            async with asyncio.timeout(5):
                await self._parts.batches.journal.drained()
                await self._parts.signalling.close()
        except TimeoutError:
            log.error("journal_not_drained", waiting=self._parts.batches.journal.waiting)

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

    def _media_lost(self) -> None:
        for leg in list(self._parts.records.live.values()):
            if leg.media is not None:
                leg.lost_media()

    # --- the user agent's handler ---

    def may_send(self, source: Source) -> bool:
        return self._parts.defence.may_send(source.host)

    def on_asking(self, peer: Source) -> None:
        self._parts.runtime.on_asking(peer)

    def on_invite(self, call: IncomingCall) -> None:
        self._parts.runtime.on_invite(call)

    def on_request(self, request: IncomingRequest) -> None:
        self._parts.runtime.on_request(request)

    # --- proof of life and the mailbox ---

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                self._parts.trunking.set_trunks(await list_trunks(self._deps.database))
                self._parts.set_trust(await read_trust(self._deps.database))
                await self._say_that_we_live()
            except Unavailable:
                log.warning("beat_missed")

    async def _say_that_we_live(self) -> None:
        said_at = asyncio.get_running_loop().time()
        answered = await beat_node(
            self._deps.database,
            self._deps.node,
            self._life,
            sip_host=self._deps.advertised_host or self._parts.agent.host,
            sip_port=self._parts.agent.port,
            draining=self._draining,
            defence=self._parts.defence.report(),
            now=utc_now(),
        )
        if answered is None or self._has_lost_lease:
            await self._begin_again()
            return
        self._beat_at = said_at
        self._heed(drain=answered.drain)
        self._obey(answered.commands)

    def _heed(self, *, drain: bool) -> None:
        """What the operator asked for by the registry; an order to stop stands above it."""
        if self._is_stopping:
            return
        if drain is self._draining:
            if drain and not self._carries_calls():
                self._told_to_end.set()
        else:
            self._draining = drain
            log.info("draining" if drain else "taking_calls_again")
            if drain:
                self._parts.agent.drain()
            else:
                self._parts.agent.take_calls_again()

    def _carries_calls(self) -> bool:
        """Those too that are still on their way in."""
        return bool(self._parts.records.live) or self._parts.agent.live_calls > 0

    # --- the lease (AV-6) ---

    def _holds_lease(self) -> bool:
        """Whether nobody else can have closed our calls. A process that was stopped sees here for how long."""
        return asyncio.get_running_loop().time() - self._beat_at < self._deps.lease_s

    async def _watch_lease(self) -> None:
        """Beside the beat, which may be waiting for a store that does not answer."""
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._holds_lease():
                self._end_calls()

    def _end_calls(self) -> None:
        """Our calls are another's to close, or were closed already: end them here. What they still write of
        themselves changes nothing that was closed."""
        if not self._has_lost_lease:
            log.error("lease_lost", calls=len(self._parts.records.live))
        self._has_lost_lease = True
        self._parts.agent.drain()
        for leg in list(self._parts.records.live.values()):
            leg.hang_up(HangupReason.FAILED, text="the node lost its lease")

    async def _begin_again(self) -> None:
        """The life that the store knew is over: begin a new one. Raises Unavailable."""
        self._end_calls()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                await asyncio.gather(*(leg.ended.wait() for leg in list(self._parts.records.live.values())))
        await self._parts.batches.journal.drained()
        begun = await _begin(self._deps)
        self._life, self._beat_at = begun.life, asyncio.get_running_loop().time()
        self._take_leave_of(begun)
        self._has_lost_lease = False
        if not self._draining:
            self._parts.agent.take_calls_again()

    def _take_leave_of(self, begun: Begun) -> None:
        self._parts.agent.take_leave_of(call.sip_call_id for call in begun.closed)

    async def leave(self) -> None:
        """Off the list of nodes: nobody needs to look after us."""
        with suppress(Unavailable):
            await leave(self._deps.database, self._deps.node, self._life)

    def _figures(self) -> NodeFigures:
        return NodeFigures(
            calls=self._parts.records.counts,
            live=lambda: len(self._parts.records.live),
            counters=self._parts.agent.counters,
            unwritten=lambda: self._parts.batches.journal.waiting,
            is_draining=lambda: self._draining,
            store_silent_s=lambda: asyncio.get_running_loop().time() - self._beat_at,
        )

    def _hint(self, word: str) -> None:
        if word in ("", self._deps.node):
            self._mail.set()

    async def _read_mail(self) -> None:
        await self._speaks_sip.wait()  # what is ordered may be said to a party
        while True:
            await self._mail.wait()
            self._mail.clear()
            try:
                self._obey(await take_commands(self._deps.database, self._deps.node))
            except Unavailable:
                log.warning("mailbox_not_read")  # the next beat reads it

    def _obey(self, commands: Sequence[NodeCommand]) -> None:
        for command in commands:
            self._parts.runtime.obey(command)
