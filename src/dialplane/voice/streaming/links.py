"""What carries audio to another program: UDP, TCP, a websocket. All fulfil `audio_pipe.Link`."""

import asyncio

from dialplane.voice.streaming.sockets import MessageSocket

_READ = 16 << 10
_MOST_WAITING = 250


class TcpLink:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, message: bytes) -> None:
        self._writer.write(message)
        await self._writer.drain()

    async def receive(self) -> bytes | None:
        return await self._reader.read(_READ) or None

    async def close(self) -> None:
        self._writer.close()


class UdpLink(asyncio.DatagramProtocol):
    """Connected: what others send to the port does not come in."""

    def __init__(self) -> None:
        self._came: asyncio.Queue[bytes] = asyncio.Queue(_MOST_WAITING)
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, host: str, port: int) -> "UdpLink":
        """Raises OSError."""
        _, link = await asyncio.get_running_loop().create_datagram_endpoint(cls, remote_addr=(host, port))
        return link

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # as asyncio has it
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._came.full():
            self._came.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there yet (ICMP): the host may come later, as with any audio over UDP."""

    async def send(self, message: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(message)

    async def receive(self) -> bytes | None:
        return await self._came.get()

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class WebsocketLink:
    """Binary messages."""

    def __init__(self, socket: MessageSocket) -> None:
        self._socket = socket

    async def send(self, message: bytes) -> None:
        await self._socket.send(message, binary=True)

    async def receive(self) -> bytes | None:
        return await self._socket.receive()

    async def close(self) -> None:
        await self._socket.close()
