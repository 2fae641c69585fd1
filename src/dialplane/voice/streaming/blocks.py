"""Messages with boundaries on a TCP connection, for both sides of a gate."""

import asyncio

from dialplane.streams.blocks import LENGTH_OCTETS, pack, unpack_length

WRITE_LIMIT = 1 << 20
"""Octets that may wait for a peer."""


class BlockLink:
    """Fulfils `audio_pipe.Link` and `services.calling.media_streams.AudioConnection`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, message: bytes) -> None:
        self._writer.write(pack(message))
        await self._writer.drain()

    def post(self, message: bytes) -> None:
        """Send without waiting. A peer that does not read is cut off, for memory is everybody's."""
        self._writer.write(pack(message))
        if self._writer.transport.get_write_buffer_size() > WRITE_LIMIT:
            self._writer.transport.abort()

    async def receive(self) -> bytes | None:
        try:
            head = await self._reader.readexactly(LENGTH_OCTETS)
            return await self._reader.readexactly(unpack_length(head))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def close(self) -> None:
        self._writer.close()
