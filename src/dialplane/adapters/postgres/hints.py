"""Hears the hints of one channel (`NOTIFY`) on a connection of its own. Hints only: polling is the truth."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from dialplane.adapters.postgres.connection import Connection
from dialplane.adapters.postgres.reach import UNREACHED, reach

NODE_CHANNEL = "dialplane_node"
"""The word is the name of the voice node that has mail."""
EVENT_CHANNEL = "dialplane_events"
"""The word is the id of an event of an account that somebody watches."""
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
            await listen(self._dsn, self._channel, on_hint, _need_nothing)
            await asyncio.sleep(RECONNECT_S)


async def listen(
    dsn: str, channel: str, on_hint: Callable[[str], None], enter: Callable[[Connection], Awaitable[bool]]
) -> None:
    """Connect, `enter`, and hear the channel until the connection is lost; at once over where `enter` says no.

    `on_hint` gets "" when the channel is first heard, as words may have gone by before.
    """
    try:
        connection = await reach(dsn, timeout=PROBE_S)
        try:
            if await enter(connection):
                await connection.add_listener(channel, lambda _connection, _pid, _channel, word: on_hint(str(word)))
                await _stay(connection, lambda: on_hint(""))
        finally:
            connection.terminate()
    except UNREACHED as fault:
        log.warning("hints_lost", channel=channel, fault=type(fault).__name__)


async def _stay(connection: Connection, on_listening: Callable[[], None]) -> None:
    gone = asyncio.Event()
    connection.add_termination_listener(lambda _: gone.set())
    on_listening()
    while True:
        try:
            # Not `wait_for`: before Python 3.12 it loses a cancellation that meets the end of what it waits for.
            async with asyncio.timeout(PROBE_S):
                await gone.wait()
                return
        except TimeoutError:
            async with asyncio.timeout(PROBE_S):
                await connection.execute("select 1")


async def _need_nothing(_: Connection) -> bool:
    return True
