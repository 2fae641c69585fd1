"""How a fake carrier is told to misbehave, and how it sends its webhooks.

`PUT /_fake/misbehave {"how": "...", "at": "POST /v2/number_orders", "times": 1}`:

| how | what happens to the request |
|---|---|
| `error` | 500, and nothing is done |
| `error_after` | it is done, and answered with 500 |
| `silent` | it is done, and never answered |
| `lost` | it is done, and the connection closed without an answer |
| `busy` | 429, and nothing is done |
| `refuse` | the carrier's own refusal |
| `late` | an order is taken, and is ready only after `POST /_fake/ready` |
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import aiohttp
from aiohttp import web

REPORT_AFTER_S = 0.2


class How(StrEnum):
    ERROR = "error"
    ERROR_AFTER = "error_after"
    SILENT = "silent"
    LOST = "lost"
    BUSY = "busy"
    REFUSE = "refuse"
    LATE = "late"


HOW = web.RequestKey("how", str)
"""What the carrier's own handlers have to heed: `refuse` or `late`; "" else."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Misbehaviour:
    """What is to go wrong: the next `times` requests whose method and path begin with `at`."""

    how: How = How.ERROR
    at: str = ""
    times: int = 0

    def take(self, request: web.Request) -> How | None:
        if not self.times or not f"{request.method} {request.path}".startswith(self.at):
            return None
        self.times -= 1
        return self.how

    async def set(self, request: web.Request) -> web.Response:
        """`PUT /_fake/misbehave`."""
        wanted = await request.json()
        self.how = How(wanted["how"])
        self.at = str(wanted.get("at", ""))
        self.times = int(wanted.get("times", 1))
        return web.json_response({"how": self.how, "at": self.at, "times": self.times})


@dataclass
class Postman:
    """Sends webhooks, each as often as it is told to."""

    copies: int = 1
    sent: list[tuple[str, int | None]] = field(default_factory=list)
    """Address and status; None: no answer."""
    reports: tuple[str, ...] = ()
    """What each message that the carrier takes is reported as by itself, one after the other."""
    reporting: set[asyncio.Task[None]] = field(default_factory=set)

    def set(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """`PUT /_fake/webhooks`; how it is now."""
        self.copies = int(wanted.get("copies", self.copies))
        self.reports = tuple(map(str, wanted.get("reports", self.reports)))
        return {"copies": self.copies, "reports": self.reports}

    def follow(self, report: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        """Report a message that was just taken, while its answer is on its way."""
        task = asyncio.create_task(self._report(report))
        self.reporting.add(task)
        task.add_done_callback(self.reporting.discard)

    async def _report(self, report: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        for status in self.reports:
            await asyncio.sleep(REPORT_AFTER_S)
            await report(status)

    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            for _ in range(self.copies):
                try:
                    async with session.post(url, data=body, headers=headers) as answer:
                        self.sent.append((url, answer.status))
                except (aiohttp.ClientError, OSError):
                    self.sent.append((url, None))


def misbehaving(misbehaviour: Misbehaviour, busy: Callable[[int, str], web.Response]) -> Any:
    """A middleware; `busy` makes the carrier's own answer of a failure from status and words."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        how = None if request.path.startswith("/_fake/") else misbehaviour.take(request)
        request[HOW] = how if how in (How.REFUSE, How.LATE) else ""
        if how is How.ERROR:
            return busy(500, "internal error")
        if how is How.BUSY:
            return busy(429, "too many requests")
        answer = await handler(request)
        if how is How.ERROR_AFTER:
            return busy(500, "internal error")
        if how is How.SILENT:
            await asyncio.Event().wait()
        if how is How.LOST and request.transport is not None:
            request.transport.close()
        return answer

    return middleware
