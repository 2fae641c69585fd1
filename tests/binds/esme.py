"""A scripted SMPP peer on a real connection: it sends PDUs or any octets, and reads what comes."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator
from socket import SO_LINGER, SOL_SOCKET

from dialplane.smpp.addresses import Address
from dialplane.smpp.commands import Command, Status
from dialplane.smpp.pdu import Bind, Body, Pdu, ShortMessage, read_pdu
from tests.binds.node import OWN, PEER
from tests.effort import PATIENCE_S


class Esme:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.sequence = 0

    def put(self, command: Command, body: Body = None, *, sequence: int | None = None, status: int = 0) -> int:
        """Send a PDU; its sequence number."""
        if sequence is None:
            self.sequence += 1
        used = self.sequence if sequence is None else sequence
        self.writer.write(bytes(Pdu(command, used, status, body)))
        return used

    def write(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def read(self) -> Pdu:
        """The next PDU. Raises IncompleteReadError at the connection's end."""
        async with asyncio.timeout(PATIENCE_S):
            length = await self.reader.readexactly(4)
            return read_pdu(length + await self.reader.readexactly(int.from_bytes(length, "big") - 4))

    async def ask(self, command: Command, body: Body = None, *, sequence: int | None = None) -> Pdu:
        """Send, and the answer to it; other things that come are passed over."""
        used = self.put(command, body, sequence=sequence)
        while True:
            answer = await self.read()
            if answer.command.is_answer and answer.sequence == used:
                return answer

    async def bind(self, system_id: str, password: str, command: Command = Command.BIND_TRANSCEIVER) -> int:
        """The status of the answer."""
        return (await self.ask(command, Bind(system_id, password))).status

    async def is_closed(self) -> bool:
        """Wait for the end of the connection."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.reader.read(65_536):
                pass
        return True

    def cut(self) -> None:
        """End the connection at once, without a word (RST)."""
        self.writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def submit(text: str = "hello", *, source: str = OWN, destination: str = PEER, **fields: object) -> ShortMessage:
    """A submit_sm in GSM 03.38's common characters that wants a receipt."""
    return ShortMessage(
        Address(source[1:], 1, 1),
        Address(destination[1:], 1, 1),
        text.encode("ascii"),
        **({"registered_delivery": 1} | fields),  # type: ignore[arg-type]
    )


@contextlib.asynccontextmanager
async def connected(port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Esme]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        yield Esme(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def bound(
    port: int, system_id: str, password: str, command: Command = Command.BIND_TRANSCEIVER
) -> AsyncIterator[Esme]:
    async with connected(port) as peer:
        assert await peer.bind(system_id, password, command) == Status.OK
        yield peer
