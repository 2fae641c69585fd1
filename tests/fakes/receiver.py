"""A customer's web server: records what it is sent, and answers, fails, waits or misbehaves as told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import msgspec
from aiohttp import web

from tests.effort import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        decoded: dict[str, object] = msgspec.json.decode(self.body)
        return decoded


Answer = Callable[[Received], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """Answers 200 unless `status`, `headers`, `body`, `delay_s` or `answer` say otherwise; all may change any time."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    delay_s: float = 0.0
    answer: Answer | None = None
    requests: list[Received] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    host: str = "127.0.0.1"
    port: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def url(self, path: str = "/hook") -> str:
        return f"http://{self.host}:{self.port}{path}"

    def __iter__(self) -> Iterator[Received]:
        return iter(self.requests)

    @property
    def types(self) -> list[object]:
        """The event types received, in order."""
        return [request.json()["type"] for request in self.requests]

    async def wait_for(self, count: int, *, timeout_s: float = PATIENCE_S) -> list[Received]:
        """The requests, as soon as there are `count` of them.

        Raises TimeoutError.
        """
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: len(self.requests) >= count)
        return list(self.requests)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            received = Received(request.method, request.path_qs, dict(request.headers), await request.read())
            async with self._changed:
                self.requests.append(received)
                self._changed.notify_all()
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self.answer is not None:
                return await self.answer(received)
            return web.Response(status=self.status, headers=self.headers, body=self.body)
        finally:
            self.in_flight -= 1

    @classmethod
    @asynccontextmanager
    async def listening(cls, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Self]:
        """A receiver on a free port of `host`, or on `port`."""
        receiver = cls(host=host)
        application = web.Application(client_max_size=1 << 26)
        application.router.add_route("*", "/{path:.*}", receiver._handle)
        runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        receiver.port = runner.addresses[0][1]
        try:
            yield receiver
        finally:
            await runner.cleanup()
