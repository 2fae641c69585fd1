"""A webhook receiver as a customer would write it: it checks both signatures before it believes anything."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Received:
    """One webhook: its event and whether each of its two signatures is right."""

    type: str
    data: dict[str, Any]
    voipbin_signature_is_right: bool
    standard_signature_is_right: bool

    @property
    def is_genuine(self) -> bool:
        return self.voipbin_signature_is_right and self.standard_signature_is_right


class Receiver:
    """Collects webhooks. `secret` must be set before they are judged; earlier ones are judged then."""

    def __init__(self) -> None:
        self.url = ""
        self.secret = ""
        self._raw: list[tuple[bytes, dict[str, str]]] = []
        self._came = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        self._raw.append((await request.read(), dict(request.headers)))
        self._came.set()
        return web.Response(status=204)

    def received(self) -> list[Received]:
        return [self._judge(body, headers) for body, headers in self._raw]

    async def wait_for(self, event: str, *, timeout_s: float = 15.0) -> Received:
        """The first webhook of this type. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while True:
                for each in self.received():
                    if each.type == event:
                        return each
                self._came.clear()
                await self._came.wait()

    def _judge(self, body: bytes, headers: dict[str, str]) -> Received:
        told = json.loads(body)
        peer = "sha256=" + hmac.digest(self.secret.encode(), body, "sha256").hex()
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
        standard = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return Received(
            told["type"],
            told["data"],
            hmac.compare_digest(peer, headers.get("X-VoIPBIN-Signature", "")),
            standard in headers.get("webhook-signature", "").split(" "),
        )


@asynccontextmanager
async def listening() -> AsyncIterator[Receiver]:
    """A receiver on a free port of the loopback."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/webhooks", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks"
    try:
        yield receiver
    finally:
        await runner.cleanup()
