"""Postgres as the one store: what it is opened with, and how one use of it begins and ends."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

import asyncpg

from dialplane.adapters.postgres.connection import Connection, prepare
from dialplane.adapters.postgres.connections import LOST, ConnectionsAtHand, give_up, is_lost
from dialplane.adapters.postgres.reach import WatchedConnection, reach
from dialplane.adapters.postgres.replica import Browsed, Replica, Replicas
from dialplane.adapters.postgres.stores import PostgresTransaction
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.errors import Unavailable

SESSION = {
    "timezone": "UTC",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    # A process that is stopped amid a transaction would keep its locks, and so everybody else from the same account's
    # money, for as long as it sleeps (AV-6). Awake, it lets no transaction wait for more than its own computing.
    "idle_in_transaction_session_timeout": "15s",
    # What is asked here is short: the start of other processes, or of a compiler, would take longer.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}
BUSY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
"""What a use raises that waited for somebody else's as long as it may: nothing of it is done, and again may work."""
_BUSY_SAID = "Somebody else is at work on the same thing"
_FOR_CALLS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_mergejoin": "off",
}


class PostgresDatabase:
    """A pool without per-use reset: a reset costs a round trip, and no store leaves session state behind
    (measured: 62 against 27 microseconds of server CPU a query, reference of the performance notes)."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", seal: Seal) -> None:
        self.pool = pool
        self.seal = seal
        self.connections = ConnectionsAtHand(pool)
        self.replicas: Replicas | None = None

    def reading(self) -> "_Reading":
        return _Reading(self.connections, self.seal)

    def browsing(self) -> "AbstractAsyncContextManager[PostgresTransaction]":
        replica = None if self.replicas is None else self.replicas.find()
        return self.reading() if replica is None else self._browsing(replica)

    @asynccontextmanager
    async def _browsing(self, replica: Replica) -> AsyncIterator[PostgresTransaction]:
        browsed = Browsed(replica, self.connections)
        await browsed.begin()
        is_sound = False
        try:
            yield PostgresTransaction(cast("Connection", browsed), self.seal)  # the part of one that questions use
            is_sound = True
        except (*LOST, asyncpg.InterfaceError) as fault:
            if not browsed.is_lost(fault):
                raise
            raise Unavailable("The database went away") from fault
        finally:
            await browsed.end(is_sound=is_sound)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        connection = await self.connections.acquire()
        is_sound = False
        try:
            async with connection.transaction():
                yield PostgresTransaction(connection, self.seal)
            is_sound = True
            if self.replicas is not None:
                self.replicas.writers.wrote()
        except (*LOST, asyncpg.InterfaceError) as fault:
            if isinstance(fault.__context__, asyncio.CancelledError):
                raise fault.__context__ from None  # the rollback failed; the task ends all the same
            if not is_lost(fault, connection):
                raise
            give_up(connection)
            raise Unavailable("The database went away") from fault
        except BUSY as fault:
            raise Unavailable(_BUSY_SAID) from fault
        finally:
            await self.connections.release(connection, is_sound=is_sound)

    async def close(self) -> None:
        await self.connections.close()
        if self.replicas is not None:
            await self.replicas.close()


class _Reading:
    """`PostgresDatabase.reading`, as a class because a generator would cost a read two microseconds more."""

    __slots__ = ("_connection", "_connections", "_seal")

    def __init__(self, connections: ConnectionsAtHand, seal: Seal) -> None:
        self._connections = connections
        self._seal = seal

    async def __aenter__(self) -> PostgresTransaction:
        self._connection = await self._connections.acquire()
        return PostgresTransaction(self._connection, self._seal)

    async def __aexit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        went_away = fault is not None and is_lost(fault, self._connection)
        if went_away:
            give_up(self._connection)
        await self._connections.release(self._connection, is_sound=fault is None)
        if went_away:
            raise Unavailable("The database went away") from fault
        if isinstance(fault, BUSY):
            raise Unavailable(_BUSY_SAID) from fault


async def no_reset(connection: Connection) -> None:
    """Leave the connection as it is between uses."""


async def connect(
    dsn: str, seal: Seal, *, min_size: int = 1, max_size: int = 10, for_calls: bool = False
) -> PostgresDatabase:
    """Open the pool on `dsn` (a `postgresql://` address); `seal` keeps what must not be readable in the store.

    `for_calls` is for who asks by keys only: else Postgres plans anew for every short array that it is given, which
    costs more than the look-up. Such a plan may be made while a table is nearly empty and live until it has millions
    of rows, so it must not read whole tables however small they are (measured: a scan of all runs by each batch).
    """
    settings = SESSION | (_FOR_CALLS if for_calls else {})
    return PostgresDatabase(await _open_pool(dsn, settings, min_size=min_size, max_size=max_size), seal)


async def add_replicas(database: PostgresDatabase, dsns: Sequence[str], *, bound_s: float, max_size: int) -> Replicas:
    """Let the database's lists and searches be answered by replicas, which may be away; to be watched by the caller."""
    pools = [await _open_pool(dsn, SESSION, min_size=0, max_size=max_size) for dsn in dsns]
    found = Replicas(database.connections, [Replica(ConnectionsAtHand(pool)) for pool in pools], bound_s)
    database.replicas = found
    return found


async def _open_pool(
    dsn: str, settings: dict[str, str], *, min_size: int, max_size: int
) -> "asyncpg.Pool[asyncpg.Record]":
    # The stub wants a connecting function with each of asyncpg's options by its name.
    pool: asyncpg.Pool[asyncpg.Record] = await asyncpg.create_pool(  # type: ignore[call-overload]
        dsn,
        connect=reach,
        connection_class=WatchedConnection,
        min_size=min_size,
        max_size=max_size,
        init=prepare,
        reset=no_reset,
        server_settings=settings,
    )
    return pool
