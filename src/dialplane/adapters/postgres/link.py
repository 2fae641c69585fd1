"""A worker's own connection: it hears hints, and its being there is what keeps the worker's leases.

The worker's number is the key of an advisory lock that this connection holds. When the process dies, the lock goes
with the connection, and others take over what it had leased at once, without waiting for the lease's end.
"""

import asyncio
import secrets
from collections.abc import Callable

from dialplane.adapters.postgres.connection import Connection
from dialplane.adapters.postgres.hints import RECONNECT_S, listen

WORKER_LOCK = 0x6469616C
"""The first key of the advisory locks of living workers ("dial")."""
SMPP_LOCK = 0x736D7070
"""Likewise of living processes that speak SMPP ("smpp")."""
CHANNEL = "dialplane_work"
SMPP_CHANNEL = "dialplane_smpp"
"""The word is the id of an account's system or of a carrier for which something waits."""


class PostgresLink:
    """Fulfils `worker.ports.Link`, and the same for SMPP with its own lock and channel."""

    def __init__(self, dsn: str, *, lock: int = WORKER_LOCK, channel: str = CHANNEL) -> None:
        self._dsn = dsn
        self._lock = lock
        self._channel = channel
        self.number: int | None = None

    async def keep(self, on_hint: Callable[[str], None]) -> None:
        """Stay connected until cancelled. `on_hint` gets the word of each hint, and "" after each connecting."""
        while True:
            try:
                await listen(self._dsn, self._channel, on_hint, self._take_number)
            finally:
                self.number = None
            await asyncio.sleep(RECONNECT_S)

    async def _take_number(self, connection: Connection) -> bool:
        number = secrets.randbelow(2**31 - 1) + 1
        is_free: bool = await connection.fetchval("select pg_try_advisory_lock($1, $2)", self._lock, number)
        self.number = number if is_free else None
        return is_free
