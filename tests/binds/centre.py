"""A carrier's message centre whose PDUs are read and written by a library of others (`smpp.pdu3`)."""

import asyncio
import contextlib
import io
import itertools
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_encoding import PDUEncoder
from smpp.pdu.pdu_types import (
    PDU,
    AddrNpi,
    AddrTon,
    CommandId,
    CommandStatus,
    DataCoding,
    EsmClass,
    EsmClassMode,
    EsmClassType,
    MessageState,
)

from tests.effort import PATIENCE_S


@dataclass(frozen=True)
class Submitted:
    """One submit_sm as it came."""

    message_id: str
    source: str
    destination: str
    octets: bytes
    reference: int
    fields: dict[str, object]


@dataclass
class Centre:
    """Takes what it is given unless `status` or `answer` says otherwise, and reports it as `final` does."""

    port: int = 0
    status: Callable[[int], CommandStatus] = lambda _: CommandStatus.ESME_ROK
    """By the count of submits that have come."""
    name: Callable[[int], str] = str
    """The id of the n-th message, as submit_sm_resp has it."""
    final: MessageState | None = MessageState.DELIVERED
    """What receipts say; None: there are none."""
    receipt_name: Callable[[int], str] = str
    """The same id as receipts have it."""
    is_mute: bool = False
    """Takes submits and does not answer them."""
    submits: list[Submitted] = field(default_factory=list)
    binds: list[PDU] = field(default_factory=list)
    answers: asyncio.Queue[PDU] = field(default_factory=asyncio.Queue)
    most_open: int = 0
    unbound: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _hearing: list[asyncio.StreamWriter] = field(default_factory=list)
    _sequence: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def wait_for(self, count: int) -> list[Submitted]:
        """The submits, as soon as there are so many."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self.submits) >= count)
        return self.submits

    async def wait_bound(self, count: int = 1) -> None:
        """Until there were so many binds."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self.binds) >= count)

    def cut(self) -> None:
        """End every connection without a word."""
        for writer in self._writers:
            writer.transport.abort()

    def deliver(self, source: str, destination: str, octets: bytes, *, sequence: int = 0, **fields: object) -> int:
        """Bring a message, or a receipt; its sequence number."""
        used = sequence or next(self._sequence)
        pdu = DeliverSM(
            used,
            source_addr_ton=AddrTon.INTERNATIONAL,
            source_addr_npi=AddrNpi.ISDN,
            source_addr=source.removeprefix("+"),
            dest_addr_ton=AddrTon.INTERNATIONAL,
            dest_addr_npi=AddrNpi.ISDN,
            destination_addr=destination.removeprefix("+"),
            short_message=octets,
            **({"data_coding": DataCoding()} | fields),
        )
        self._hearing[-1].write(PDUEncoder().encode(pdu))
        return used

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readexactly(4)
                rest = await reader.readexactly(int.from_bytes(head, "big") - 4)
                await self._take(PDUEncoder().decode(io.BytesIO(head + rest)), writer)
        self._writers.remove(writer)
        if writer in self._hearing:
            self._hearing.remove(writer)
        writer.close()

    async def _take(self, pdu: PDU, writer: asyncio.StreamWriter) -> None:
        match pdu.id:
            case CommandId.bind_transceiver | CommandId.bind_receiver | CommandId.bind_transmitter:
                writer.write(PDUEncoder().encode(pdu.requireAck(pdu.seqNum, system_id=b"centre")))
                if pdu.id is not CommandId.bind_transmitter:
                    self._hearing.append(writer)
                self.binds.append(pdu)
            case CommandId.submit_sm:
                self._submit(pdu, writer)
            case CommandId.enquire_link | CommandId.unbind:
                self.unbound += pdu.id is CommandId.unbind
                writer.write(PDUEncoder().encode(pdu.requireAck(pdu.seqNum)))
            case CommandId.deliver_sm_resp:
                self.answers.put_nowait(pdu)
        async with self._changed:
            self._changed.notify_all()

    def _submit(self, pdu: PDU, writer: asyncio.StreamWriter) -> None:
        count = len(self.submits)
        fields = pdu.params
        self.submits.append(
            Submitted(
                self.name(count),
                fields["source_addr"].decode(),
                fields["destination_addr"].decode(),
                fields["short_message"] or fields.get("message_payload") or b"",
                fields.get("user_message_reference", -1),
                fields,
            )
        )
        if self.is_mute:
            return
        status = self.status(count)
        if status is not CommandStatus.ESME_ROK:
            writer.write(PDUEncoder().encode(pdu.requireAck(pdu.seqNum, status)))
            return
        answer = pdu.requireAck(pdu.seqNum, message_id=self.name(count).encode())
        writer.write(PDUEncoder().encode(answer))
        if self.final is not None:
            self.report(count)

    def report(self, count: int, *, is_text: bool = True) -> None:
        """The receipt of the n-th submit, by text or by parameters."""
        submitted, name = self.submits[count], self.receipt_name(count)
        assert self.final is not None
        word = {"DELIVERED": "DELIVRD", "UNDELIVERABLE": "UNDELIV"}[self.final.name]
        text = f"id:{name} sub:001 dlvrd:001 submit date:2603011200 done date:2603011201 stat:{word} err:008 text:"
        tlvs = {} if is_text else {"receipted_message_id": name.encode(), "message_state": self.final}
        self.deliver(
            submitted.destination,
            submitted.source,
            text.encode() if is_text else b"",
            esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.SMSC_DELIVERY_RECEIPT),
            **tlvs,
        )


@contextlib.asynccontextmanager
async def centre(*, tls: ssl.SSLContext | None = None, **manners: object) -> AsyncIterator[Centre]:
    """One that listens, until the block ends."""
    made = Centre(**manners)  # type: ignore[arg-type]
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.cut()
        await server.wait_closed()
