"""The bind to one carrier: kept up, fed with what waits for it, and heard."""

import asyncio
import contextlib
from collections.abc import Coroutine
from functools import partial
from typing import Any

import structlog

from dialplane.binds.carrier_line import CarrierLine
from dialplane.binds.connection import Connection
from dialplane.binds.deps import BindsDeps
from dialplane.binds.guards import Rate
from dialplane.binds.persistence import persist
from dialplane.binds.tasks import Tasks
from dialplane.domain.errors import Unavailable
from dialplane.domain.messaging.smpp_carriers import Binds, BindState, SmppCarrier
from dialplane.services.messaging.short_messages import address_of
from dialplane.services.messaging.smpp_carriers import Segment, note_standing
from dialplane.services.messaging.smpp_handover import (
    claim_segments,
    segment_answered,
    segment_lost,
    segment_unsendable,
)
from dialplane.smpp.commands import Command, Status, status_text
from dialplane.smpp.fields import Tag
from dialplane.smpp.pdu import Bind, Named, Pdu, ShortMessage
from dialplane.smpp.session import Side

CONNECT_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
POLL_S = 1.0
STOP_S = 5.0
_WANTS_RECEIPT = 0x01

log = structlog.get_logger()


class BindRefusedError(ConnectionError):
    """The carrier does not let us in."""


class CarrierBind:
    """One carrier's, in this process, until `stop`."""

    def __init__(self, deps: BindsDeps, tasks: Tasks, carrier: SmppCarrier, node: int) -> None:
        self.carrier = carrier
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.deps = deps
        self._tasks = tasks
        self.node = node
        self._database = deps.database
        self._rate = Rate(carrier.rate, asyncio.get_running_loop().time())
        self._lines: list[CarrierLine] = []
        self._handed = 0
        """Segments that are handed over and not yet recorded."""
        self._writing: set[asyncio.Task[None]] = set()
        self._is_over = False

    async def run(self) -> None:
        """Bind, serve until the session is lost, bind again after a pause that grows."""
        pause_s = FIRST_PAUSE_S
        while not self._is_over:
            try:
                await self._note(BindState.CONNECTING)
                await self._bind()
            except (OSError, TimeoutError) as fault:
                log.warning("smpp_carrier_unbound", carrier=self.carrier.name, fault=str(fault) or "no answer in time")
                await self._drop()
                await self._note(BindState.LOST, str(fault) or "no answer in time")
                await self._sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                continue
            pause_s = FIRST_PAUSE_S
            await self._note(BindState.BOUND)
            log.info("smpp_carrier_bound", carrier=self.carrier.name)
            await self._serve()
            self.wake.clear()
            reason = next((line.reason for line in self._lines if line.reason), "")
            await self._drop()
            if not self._is_over:
                await self._note(BindState.LOST, reason)
                await self._sleep(pause_s)

    async def stop(self, *, in_order: bool = True) -> None:
        """End the session; what has no answer then waits for the next one."""
        self._is_over = True
        self.wake.set()
        if not in_order:
            for line in self._lines:
                line.connection.abort()
        if self.task is not None:
            await asyncio.wait((self.task,), timeout=2 * STOP_S)
            self.task.cancel()
            await asyncio.wait((self.task,))

    async def _bind(self) -> None:
        """Raises OSError, TimeoutError."""
        if self.carrier.binds is Binds.TRANSCEIVER:
            await self._open(Command.BIND_TRANSCEIVER)
        else:
            await self._open(Command.BIND_RECEIVER)  # receipts may come as soon as something was sent
            await self._open(Command.BIND_TRANSMITTER)

    async def _open(self, command: Command) -> None:
        carrier, loop = self.carrier, asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S):
            addresses = await self.deps.resolve(carrier.host)
            _, connection = await loop.create_connection(
                lambda: Connection(Side.CLIENT, self._line, enquire_s=carrier.enquire_s),
                addresses[0],
                carrier.port,
                ssl=self.deps.tls_client if carrier.tls else None,
                server_hostname=carrier.host if carrier.tls else None,
            )
            bind = Bind(carrier.system_id, carrier.password, carrier.system_type, address_range=carrier.address_range)
            answer = await connection.ask(command, bind)
        if answer.status:
            raise BindRefusedError(f"the carrier refuses the bind: {status_text(answer.status)}")

    def _line(self, connection: Connection) -> CarrierLine:
        line = CarrierLine(self.deps, self._tasks, self.carrier, self.node, connection, self.settled, self.wake.set)
        self._lines.append(line)
        return line

    async def _serve(self) -> None:
        """Until a session is lost or `stop`."""
        for line in self._lines:
            await line.enter()
        while all(not line.over.is_set() for line in self._lines) and not self._is_over:
            self.wake.clear()
            try:
                more = await self._step()
            except Unavailable:
                more = False
            if not more:
                await self._sleep(POLL_S)
        for line in self._lines:
            line.connection.unbind()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await asyncio.gather(*(line.over.wait() for line in self._lines))

    async def _step(self) -> bool:
        """Hand over as much as window and rate take; whether more may be waiting."""
        sending = next((line.connection for line in self._lines if line.connection.session.may_send), None)
        if sending is None or sending.is_stuffed:
            return False
        room = min(self.carrier.window - self._handed, self.carrier.rate)
        now = asyncio.get_running_loop().time()
        if (wait_s := self._rate.wait_s(now)) > 0:
            await asyncio.sleep(wait_s)
            return True
        if room <= 0:
            return False
        claimed = await claim_segments(
            self._database, self.carrier.id, self.node, limit=self._rate.at_hand(room), now=self.deps.clock()
        )
        for segment in claimed:
            self._rate.take(asyncio.get_running_loop().time())
            self._send(sending, segment)
        return len(claimed) == room

    def _send(self, connection: Connection, segment: Segment) -> None:
        self._handed += 1
        try:
            answer = connection.ask(Command.SUBMIT_SM, _message(segment))
        except ValueError as fault:
            self._write(segment_unsendable(self._database, segment, str(fault), self.deps.clock()))
        else:
            answer.add_done_callback(partial(self._answered, segment))

    def _answered(self, segment: Segment, answer: "asyncio.Future[Pdu]") -> None:
        self._write(self._record(segment, None if answer.exception() else answer.result()))

    def _write(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.start("segment", work)
        self._writing.add(task)
        task.add_done_callback(self._written)

    def _written(self, task: "asyncio.Task[None]") -> None:
        self._handed -= 1
        self._writing.discard(task)
        self.wake.set()

    async def _record(self, segment: Segment, answer: Pdu | None) -> None:
        now = self.deps.clock
        if answer is None:
            await persist(lambda: segment_lost(self._database, segment, self.node, now()))
            return
        message_id = answer.body.name if isinstance(answer.body, Named) else ""
        status = answer.status if answer.status or message_id else Status.UNKNOWN_ERROR
        await persist(lambda: segment_answered(self._database, segment, self.node, status, message_id, now()))

    async def settled(self) -> None:
        """Wait until what the carrier has answered is written: a receipt may come right behind the answer."""
        if self._writing:
            await asyncio.wait(set(self._writing))

    async def _drop(self) -> None:
        """Close what is left of the lines, and wait until it is known what was under way."""
        for line in self._lines:
            line.connection.abort()
        await asyncio.sleep(0)  # the loss is told in the loop's next round
        await self.settled()
        for line in self._lines:
            await line.leave()
        self._lines.clear()

    async def _sleep(self, longest_s: float) -> None:
        try:
            async with asyncio.timeout(longest_s):
                await self.wake.wait()
        except TimeoutError:
            pass

    async def _note(self, state: BindState, fault: str = "") -> None:
        await persist(
            lambda: note_standing(self._database, self.carrier.id, self.node, state, fault, self.deps.clock())
        )


def _message(segment: Segment) -> ShortMessage:
    """The reference is the same at every send: the carrier may know by it that it has the segment already."""
    body = segment.body
    reference = (segment.reference.int + segment.number) & 0xFFFF
    return ShortMessage(
        address_of(segment.source),
        address_of(segment.destination),
        bytes.fromhex(body.user_data),
        body.data_coding,
        body.esm_class,
        registered_delivery=_WANTS_RECEIPT,
        tlvs={
            Tag.USER_MESSAGE_REFERENCE: reference.to_bytes(2, "big"),
            **{tag: bytes.fromhex(value) for tag, value in body.tlvs},
        },
    )
