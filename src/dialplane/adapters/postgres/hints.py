"""Hears the hints of one channel (`NOTIFY`) on a connection of its own. Hints only: polling is the truth."""

import asyncio
import contextlib
from collections.abc import Callable

import asyncpg
import structlog

NODE_CHANNEL = "dialplane_node"
"""The word is the name of the voice node that has mail."""
RECONNECT_S = 0.5
PROBE_S = 5.0
"""A connection that is silently gone shows at the next probe."""

log = structlog.get_logger()


class PostgresHints:
    """Fulfils `voice.main.Hints`."""

    def __init__(self, dsn: str, channel: str) -> None:
        self._dsn = dsn
        self._channel = channel

    async def keep(self, on_hint: Callable[[str], None]) -> None:
        """Stay connected until cancelled. `on_hint` gets each word, and "" after each connecting."""
        while True:
            try:
                await self._stay(on_hint)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
                log.warning("hints_lost", channel=self._channel, fault=type(fault).__name__)
            await asyncio.sleep(RECONNECT_S)

    async def _stay(self, on_hint: Callable[[str], None]) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=PROBE_S)
        try:
            await connection.add_listener(self._channel, lambda _connection, _pid, _channel, word: on_hint(str(word)))
            gone = asyncio.Event()
            connection.add_termination_listener(lambda _: gone.set())
            on_hint("")
            while not gone.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(gone.wait(), PROBE_S)
                    return
                async with asyncio.timeout(PROBE_S):
                    await connection.execute("select 1")
        finally:
            connection.terminate()
