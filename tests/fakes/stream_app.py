"""An application at the far end of a stream: a websocket server that keeps what it is told and says what it wants."""

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.effort import PATIENCE_S

Manners = Callable[["StreamApp"], Awaitable[None]]


@dataclass
class StreamApp:
    """One connection at a time. `manners` runs when one comes; the socket is closed when it returns."""

    manners: Manners | None = None
    port: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    handshakes: list[web.Request] = field(default_factory=list)
    refuse_with: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _socket: web.WebSocketResponse | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/stream"

    @property
    def events(self) -> list[str]:
        """Names of what came, runs of the same shown once."""
        names = [str(message["event"]) for message in self.messages]
        return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]

    def heard(self, track: str = "inbound") -> bytes:
        """All audio of the track that came."""
        media = [message["media"] for message in self.messages if message["event"] == "media"]
        return b"".join(b64decode(each["payload"]) for each in media if each["track"] == track)

    async def wait(self, event: str, *, times: int = 1) -> dict[str, Any]:
        """The message of that name, when it has come so often."""
        async with asyncio.timeout(PATIENCE_S):
            while len(found := [each for each in self.messages if each["event"] == event]) < times:
                self._came.clear()
                await self._came.wait()
        return found[times - 1]

    async def say(self, ulaw: bytes, *, sid: str = "") -> None:
        await self.send({"event": "media", "streamSid": sid, "media": {"payload": b64encode(ulaw).decode()}})

    async def mark(self, name: str) -> None:
        await self.send({"event": "mark", "streamSid": "", "mark": {"name": name}})

    async def clear(self) -> None:
        await self.send({"event": "clear", "streamSid": ""})

    async def send(self, message: object) -> None:
        await self.send_text(json.dumps(message))

    async def send_text(self, text: str) -> None:
        assert self._socket is not None
        await self._socket.send_str(text)

    def drop(self) -> None:
        """End the connection without a word."""
        self._transport.abort()

    def read(self, on: bool) -> None:
        """Stop reading, or go on."""
        if on:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    @property
    def _transport(self) -> asyncio.Transport:
        transport = self.handshakes[-1].transport
        assert isinstance(transport, asyncio.Transport)
        return transport

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.handshakes.append(request)
        if self.refuse_with:
            return web.Response(status=self.refuse_with, headers={"Location": "http://127.0.0.1:1024/"})
        self._socket = socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        reading = asyncio.create_task(self._read(socket))
        if self.manners is not None:
            await self.manners(self)
            await socket.close()
        await reading
        self.closed.set()
        return socket

    async def _read(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            assert message.type is WSMsgType.TEXT
            self.messages.append(json.loads(message.data))
            self._came.set()


@asynccontextmanager
async def listening(app: StreamApp) -> AsyncIterator[StreamApp]:
    server = web.Application()
    server.router.add_get("/stream", app.serve)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    app.port = runner.addresses[0][1]
    try:
        yield app
    finally:
        await runner.cleanup()
