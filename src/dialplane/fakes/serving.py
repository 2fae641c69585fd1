"""A fake carrier on a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from dialplane.fakes.telnyx import FakeTelnyx
from dialplane.fakes.twilio import FakeTwilio


@asynccontextmanager
async def serving(fake: FakeTelnyx | FakeTwilio, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve while the block lasts; gives the address. Raises OSError where the port is taken."""
    runner = web.AppRunner(fake.application(), handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
