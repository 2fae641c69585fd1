"""The way from other machines to the tests' Postgres, which listens on a Unix socket only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from dialplane.adapters.postgres.reach import watch


@asynccontextmanager
async def road_to(socket_path: Path, host: str, port: int) -> AsyncIterator[None]:
    """TCP at `host:port`, handed on to the socket.

    Postgres itself would notice that a machine was cut off, because it is asked to; here the road has to.
    """
    open_ends: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ends.add(task)
        watch(writer.get_extra_info("socket"))
        try:
            there_reader, there_writer = await asyncio.open_unix_connection(str(socket_path))
            async with asyncio.TaskGroup() as both:
                both.create_task(_carry(reader, there_writer))
                both.create_task(_carry(there_reader, writer))
        except* (OSError, asyncio.CancelledError):
            writer.close()
        finally:
            open_ends.discard(task)

    server = await asyncio.start_server(take, host, port)
    try:
        yield
    finally:
        server.close()
        for task in list(open_ends):
            task.cancel()
        await asyncio.gather(*open_ends, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        with suppress(OSError, RuntimeError):
            writer.close()
