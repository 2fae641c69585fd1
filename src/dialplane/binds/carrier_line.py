"""One session with a carrier: what the carrier brings by it."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from dialplane.binds.connection import Connection
from dialplane.binds.deps import BindsDeps
from dialplane.binds.handing import handed_of
from dialplane.binds.persistence import persist
from dialplane.binds.tasks import Tasks
from dialplane.domain.errors import Refusal, Unavailable
from dialplane.domain.ids import new_id
from dialplane.domain.messaging.smpp_addresses import from_smpp
from dialplane.domain.messaging.smpp_carriers import SmppCarrier
from dialplane.services.calling.arrivals import SANDBOX_COUNTRY
from dialplane.services.messaging.smpp_accounts import close_session, open_session
from dialplane.services.messaging.smpp_handover import take_carrier_message, take_receipt
from dialplane.services.messaging.smpp_store import SmppSession
from dialplane.services.messaging.smpp_submits import note_answered
from dialplane.smpp.commands import Status
from dialplane.smpp.fields import PduFault
from dialplane.smpp.pdu import MESSAGE_TYPE, Pdu, ShortMessage
from dialplane.smpp.receipts import read_receipt

MOST_AT_ONCE = 50
"""Messages of the carrier that are worked on; beyond them nothing more is read."""
NOTE_S = 0.25

log = structlog.get_logger()


class CarrierLine:
    """Fulfils `binds.connection.Owner`. `settled` waits until the answers that came before are written."""

    def __init__(
        self,
        deps: BindsDeps,
        tasks: Tasks,
        carrier: SmppCarrier,
        node: int,
        connection: Connection,
        settled: Callable[[], Awaitable[None]],
        on_lost: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.over = asyncio.Event()
        self.reason = ""
        self._deps = deps
        self._tasks = tasks
        self._carrier = carrier
        self._node = node
        self._settled = settled
        self._on_lost = on_lost
        self._id = new_id(deps.clock())
        self._entered = asyncio.Event()
        self._in_order = False
        self._working: set[asyncio.Task[None]] = set()
        self._unconfirmed: list[UUID] = []
        self._noting: asyncio.Task[None] | None = None

    async def enter(self) -> None:
        """The session is bound: put it on record."""
        now = self._deps.clock()
        bound = self.connection.session.bound.name.lower()
        opened = SmppSession(self._id, self._carrier.id, self._node, bound, self.connection.peer, now)
        await persist(lambda: open_session(self._deps.database, opened))
        self._entered.set()
        self._noting = self._tasks.start("note", self._note_answers())

    async def leave(self) -> None:
        """Take it off the record, once everything that it brought is written."""
        if not self._entered.is_set():
            for task in self._working:
                task.cancel()
            return
        if self._noting is not None:
            self._noting.cancel()
        if self._working:
            await asyncio.wait(set(self._working))
        await persist(lambda: close_session(self._deps.database, self._id, in_order=self._in_order))

    def asked(self, pdu: Pdu) -> None:
        task = self._tasks.start("carrier message", self._hear(pdu))
        self._working.add(task)
        task.add_done_callback(self._worked)
        self.connection.hold(held=len(self._working) >= MOST_AT_ONCE)

    def lost(self, reason: str, *, in_order: bool) -> None:
        self.reason, self._in_order = reason, in_order
        self.over.set()
        self._on_lost()

    def _worked(self, task: "asyncio.Task[None]") -> None:
        self._working.discard(task)
        self.connection.hold(held=len(self._working) >= MOST_AT_ONCE)

    async def _hear(self, pdu: Pdu) -> None:
        assert isinstance(pdu.body, ShortMessage)
        await self._entered.wait()
        status = Status.OK
        try:
            if pdu.body.esm_class & MESSAGE_TYPE:
                await self._take_receipt(pdu.body)
            else:
                await self._take_message(pdu, pdu.body)
        except PduFault as fault:
            status = fault.status
        except Unavailable:
            status = Status.TEMPORARY_APPLICATION_ERROR
        except Refusal as refusal:
            log.info("carrier_message_refused", carrier=self._carrier.name, reason=refusal.message)
            status = Status.REJECTED_BY_APPLICATION
        except Exception:
            log.exception("carrier_message_failed", carrier=self._carrier.name)
            status = Status.TEMPORARY_APPLICATION_ERROR
        self.connection.answer(pdu, status)

    async def _take_message(self, pdu: Pdu, message: ShortMessage) -> None:
        now = self._deps.clock()
        handed = handed_of(pdu, message, self._id, now, default=self._carrier.alphabet.value)
        self._unconfirmed.append(await take_carrier_message(self._deps.database, self._carrier, handed, now))

    async def _take_receipt(self, message: ShortMessage) -> None:
        """Acknowledgements of handsets and interim notices are answered and passed over."""
        receipt = read_receipt(message) if message.is_receipt else None
        if receipt is None:
            return
        await self._settled()
        peer = from_smpp(message.source.digits, message.source.ton, country=SANDBOX_COUNTRY)
        if not await take_receipt(self._deps.database, self._carrier, receipt, peer, self._deps.clock()):
            log.info("smpp_receipt_unknown", carrier=self._carrier.name, message_id=receipt.message_id)

    async def _note_answers(self) -> None:
        while True:
            await asyncio.sleep(NOTE_S)
            if self._unconfirmed and self.connection.has_sent_all:
                told, self._unconfirmed = self._unconfirmed, []
                try:
                    await note_answered(self._deps.database, told)
                except Unavailable:
                    self._unconfirmed += told
