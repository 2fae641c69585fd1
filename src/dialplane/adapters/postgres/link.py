"""A worker's own connection: it hears hints, and its being there is what keeps the worker's leases.

The worker's number is the key of an advisory lock that this connection holds. When the process dies, the lock goes
with the connection, and others take over what it had leased at once, without waiting for the lease's end.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable

import asyncpg
import structlog

WORKER_LOCK = 0x6469616C
"""The first key of the advisory locks of living workers ("dial")."""
CHANNEL = "dialplane_work"
RECONNECT_S = 0.5
PROBE_S = 5.0
"""A connection that is silently gone shows at the next probe."""

log = structlog.get_logger()


class PostgresLink:
    """Fulfils `worker.ports.Link`."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.number: int | None = None

    async def keep(self, on_hint: Callable[[str], None]) -> None:
        """Stay connected until cancelled. `on_hint` gets the word of each hint, and "" after each connecting."""
        while True:
            try:
                await self._stay(on_hint)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as fault:
                log.warning("worker_link_lost", fault=type(fault).__name__)
            finally:
                self.number = None
            await asyncio.sleep(RECONNECT_S)

    async def _stay(self, on_hint: Callable[[str], None]) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=PROBE_S)
        try:
            number = secrets.randbelow(2**31 - 1) + 1
            if not await connection.fetchval("select pg_try_advisory_lock($1, $2)", WORKER_LOCK, number):
                return
            await connection.add_listener(CHANNEL, lambda _connection, _pid, _channel, word: on_hint(str(word)))
            gone = asyncio.Event()
            connection.add_termination_listener(lambda _: gone.set())
            self.number = number
            on_hint("")
            while not gone.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(gone.wait(), PROBE_S)
                    return
                async with asyncio.timeout(PROBE_S):
                    await connection.execute("select 1")
        finally:
            connection.terminate()
