"""The store one step at a time: a test dies between any two steps as a killed process does, or stands still there.

A step is what the server has carried out for us: a begin, a statement, a commit.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeAlias, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from dialplane.adapters.postgres.connections import ConnectionsAtHand
from dialplane.adapters.postgres.database import PostgresDatabase

Between = Callable[[], Awaitable[None]]
Held: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_STATEMENTS = frozenset({"execute", "executemany", "fetch", "fetchrow", "fetchval"})


class Death(BaseException):
    """The process is gone: nothing handles it, and nothing is sent to the server any more."""


class SteppedDatabase(PostgresDatabase):
    """The same pool, with `between` awaited after each step. Where that raises Death, every connection in use breaks
    off without a word, and no later step is taken."""

    def __init__(self, database: PostgresDatabase, between: Between) -> None:
        super().__init__(database.pool, database.seal)
        self._between = between
        self.is_dead = False
        self.connections = _SteppedConnections(self)

    def check_alive(self) -> None:
        if self.is_dead:
            raise Death

    async def step(self) -> None:
        try:
            await self._between()
        except Death:
            self.is_dead = True
            raise


class _SteppedConnections(ConnectionsAtHand):
    def __init__(self, database: SteppedDatabase) -> None:
        super().__init__(database.pool)
        self._database = database

    async def acquire(self) -> Held:
        self._database.check_alive()
        connection = _Stepped(await self.pool.acquire(), self._database)
        return cast("Held", connection)

    async def release(self, connection: Held, *, is_sound: bool) -> None:
        stepped = cast("_Stepped", connection)
        if self._database.is_dead:
            stepped.real.terminate()
        await self.pool.release(stepped.real)


class _Stepped:
    """A connection whose statements are steps."""

    def __init__(self, real: Any, database: SteppedDatabase) -> None:  # the pool's proxy has its methods at run time
        self.real = real
        self._database = database

    def __getattr__(self, name: str) -> Any:  # as above
        found = getattr(self.real, name)
        if name not in _STATEMENTS:
            return found

        async def carried_out(*arguments: object, **more: object) -> object:
            self._database.check_alive()
            answer = await found(*arguments, **more)
            await self._database.step()
            return answer

        return carried_out

    def transaction(self) -> "_SteppedTransaction":
        return _SteppedTransaction(self.real.transaction(), self._database)


class _SteppedTransaction:
    """Begin and commit are steps; nobody hears of the rollback of a dead process."""

    def __init__(self, real: Any, database: SteppedDatabase) -> None:
        self._real = real
        self._database = database

    async def __aenter__(self) -> Self:
        self._database.check_alive()
        await self._real.start()
        await self._database.step()
        return self

    async def __aexit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, Death):
            return
        self._database.check_alive()
        if fault is not None:
            await self._real.rollback()
        else:
            await self._real.commit()
            await self._database.step()


class DiesAfter:
    """Dies after the `last` step, counted from 1. `steps` is how many were taken."""

    def __init__(self, last: int) -> None:
        self._last = last
        self.steps = 0

    async def __call__(self) -> None:
        self.steps += 1
        if self.steps == self._last:
            raise Death

    @property
    def lived(self) -> bool:
        """Whether the work was over before its time had come."""
        return self.steps < self._last


class StandsStill:
    """Stops after the `at`-th step until it is told to go on."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.steps = 0
        self.stands = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def __call__(self) -> None:
        self.steps += 1
        if self.steps == self._at:
            self.stands.set()
            await self.may_go_on.wait()
