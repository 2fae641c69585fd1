"""Connections at hand: a pool's own acquire and release cost as much CPU as a short query, a timer, a task and a shield
each time, so a few stay out of it between uses."""

import asyncio
from collections.abc import Callable

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from dialplane.domain.errors import Unavailable

ACQUIRE_TIMEOUT_S = 2.0
"""AV-3: a request learns within two seconds that the store is gone."""
BUSY_TIMEOUT_S = 15.0
"""A store that answers others is not gone: whoever waits in a crowd gets a connection in turn, within this time."""
GIVE_BACK_S = 5.0
"""A server that was told to end what it does, as who asked for it was cancelled, does so by then or is given up."""

LOST = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
)
"""What a use of a connection raises when the server went away meanwhile. The last where the driver lost count of what
it had asked, as the end came while it asked ("cannot switch to state 15; another operation (2) is in progress")."""

_NOT_REACHED = (OSError, *LOST, asyncpg.InterfaceError, asyncpg.TargetServerAttributeNotMatched, TimeoutError)
"""What getting a connection raises: a new one may be lost before its first use. The last but one is of a pair whose
primary died, until the other one is promoted."""


class ConnectionsAtHand:
    """Connections of `pool` for one use each."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.pool = pool
        self._at_hand: list[PoolConnectionProxy[asyncpg.Record]] = []
        self._waiting = 0
        self._is_closing = False
        self._answered_at = 0.0
        """When a use last ended well, on the loop's clock."""

    async def acquire(self) -> "PoolConnectionProxy[asyncpg.Record]":
        """A connection for one use. Raises Unavailable."""
        while self._at_hand:
            connection = self._at_hand.pop()
            if is_open(connection):
                return connection
            await self._give_back(connection)
        self._waiting += 1
        try:
            # Not the pool's own timeout: before Python 3.12 that may lose a cancellation, and a task would never end.
            async with asyncio.timeout(None) as limit:
                with _Turn(limit, lambda: self._answered_at):
                    return await self.pool.acquire()
        except _NOT_REACHED as fault:
            raise Unavailable("The database does not answer") from fault
        finally:
            self._waiting -= 1

    async def release(self, connection: "PoolConnectionProxy[asyncpg.Record]", *, is_sound: bool) -> None:
        """Keep it at hand, unless somebody waits at the pool, enough are there, its use was cut short, or all closes.

        Raises nothing of a connection that is lost: what was done with it is done.
        """
        if is_sound and self._waiting:
            self._answered_at = asyncio.get_running_loop().time()
        enough = len(self._at_hand) >= self.pool.get_max_size() - 2  # some stay for who asks the pool itself
        is_wanted = is_sound and not enough and not self._waiting and not self._is_closing
        if is_wanted and is_open(connection):
            self._at_hand.append(connection)
        else:
            await self._give_back(connection)

    async def close(self) -> None:
        """Wait for the uses that go on, and close all."""
        self._is_closing = True
        while self._at_hand:
            await self._give_back(self._at_hand.pop())
        await self.pool.close()

    async def _give_back(self, connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
        try:
            await self.pool.release(connection, timeout=GIVE_BACK_S)
        except (*LOST, asyncpg.InterfaceError, TimeoutError):
            # It broke, or its server does not answer; the pool has dropped it. asyncpg's own words where it broke
            # between the pool's look at it and the next turn of the loop: "release() called on a free connection
            # holder".
            give_up(connection)


class _Turn:
    """While it is entered, `limit` expires `ACQUIRE_TIMEOUT_S` after the store last answered anybody."""

    def __init__(self, limit: asyncio.Timeout, answered_at: Callable[[], float]) -> None:
        self._limit = limit
        self._answered_at = answered_at
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    def __enter__(self) -> None:
        self._timer = self._loop.call_at(self._began + ACQUIRE_TIMEOUT_S, self._look)

    def __exit__(self, kind: object, fault: object, trace: object) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        until = min(max(self._began, self._answered_at()) + ACQUIRE_TIMEOUT_S, self._began + BUSY_TIMEOUT_S)
        if until <= self._loop.time():
            self._limit.reschedule(until)
        else:
            self._timer = self._loop.call_at(until, self._look)


def is_open(connection: "PoolConnectionProxy[asyncpg.Record]") -> bool:
    """A connection that broke went back to the pool by itself; asking it anything is an error then."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False


def give_up(connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
    """See to it that nobody gets the connection again, whatever state it is in."""
    if is_open(connection):
        connection.terminate()


def is_lost(fault: BaseException, connection: "PoolConnectionProxy[asyncpg.Record]") -> bool:
    """Whether the database went away. What is used after that says so by the error that wrong arguments give too."""
    return isinstance(fault, LOST) or (isinstance(fault, asyncpg.InterfaceError) and not is_open(connection))
