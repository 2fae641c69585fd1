"""Lists, searches and logs from read replicas, as long as these are up to date enough; else from the primary.

How far a replica is, is known by the log: what the primary had flushed at a moment of our clock, and when the replica
had replayed that. So nothing depends on two clocks, and a quiet primary does not make its replica look late.
"""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from dialplane.adapters.postgres.connections import LOST, ConnectionsAtHand, give_up, is_lost
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import AccountId
from dialplane.services.asking import ASKER

LOOK_S = 0.2
"""How often a replica is looked at; so much later than it could it answers for who has written."""
_NEVER = float("-inf")
_FLUSHED = "select (pg_current_wal_flush_lsn() - '0/0')::bigint"
_REPLAYED = "select case when pg_is_in_recovery() then (pg_last_wal_replay_lsn() - '0/0')::bigint end"
_MOST_WRITERS = 10_000

log = structlog.get_logger()


@dataclass
class Replica:
    """One replica, and how far it is. Times are of the event loop's clock."""

    connections: ConnectionsAtHand
    caught_up_to: float = _NEVER
    """It holds all that was committed before."""
    awaited: tuple[float, int] | None = None
    """A moment, and the place in the log that it has to reach for it."""

    def has_replayed(self, place: int | None, now: float, flushed: int) -> None:
        """None: it is no replica any more. `flushed`: the primary's place a moment after `now`."""
        if place is None:
            self.is_away()
            return
        if place >= flushed:
            self.caught_up_to, self.awaited = now, None
        elif self.awaited is not None and place >= self.awaited[1]:
            self.caught_up_to, self.awaited = self.awaited[0], (now, flushed)
        elif self.awaited is None:
            self.awaited = (now, flushed)

    def is_away(self) -> None:
        self.caught_up_to, self.awaited = _NEVER, None


class Writers:
    """Who has written lately."""

    def __init__(self) -> None:
        self._last: dict[AccountId | None, float] = {}
        self._latest = _NEVER

    def wrote(self) -> None:
        """Whoever asks at the moment; to be called after the commit."""
        now = self._latest = asyncio.get_running_loop().time()
        who = ASKER.get()
        self._last.pop(who, None)
        self._last[who] = now
        if len(self._last) > _MOST_WRITERS:
            self._last.pop(next(iter(self._last)))  # the one that is longest ago

    def last_write(self) -> float:
        """When whoever asks at the moment may have written for the last time: nobody's writes may be anybody's."""
        who = ASKER.get()
        if who is None:
            return self._latest
        return max(self._last.get(who, _NEVER), self._last.get(None, _NEVER))


class Replicas:
    """The replicas of one primary. `bound_s`: how old their answers may be."""

    def __init__(self, primary: ConnectionsAtHand, replicas: list[Replica], bound_s: float) -> None:
        self.primary = primary
        self.replicas = replicas
        self._bound_s = bound_s
        self._turn = itertools.count()
        self.writers = Writers()

    async def watch(self) -> None:
        """Look at each again and again, until cancelled."""
        async with asyncio.TaskGroup() as watchers:
            for replica in self.replicas:
                watchers.create_task(self._watch(replica))

    def find(self) -> Replica | None:
        """One that may answer whoever asks at the moment."""
        now = asyncio.get_running_loop().time()
        least = max(now - self._bound_s, self.writers.last_write())
        fit = [each for each in self.replicas if each.caught_up_to > least]
        return fit[next(self._turn) % len(fit)] if fit else None

    async def close(self) -> None:
        for replica in self.replicas:
            await replica.connections.close()

    async def _watch(self, replica: Replica) -> None:
        was_there = True
        while True:
            try:
                await self.look(replica)
            except (Unavailable, TimeoutError, *LOST, asyncpg.InterfaceError, asyncpg.PostgresError) as fault:
                replica.is_away()
                if was_there:
                    log.warning("replica_away", fault=str(fault))
            was_there = replica.caught_up_to > _NEVER
            await asyncio.sleep(LOOK_S)

    async def look(self, replica: Replica) -> None:
        now = asyncio.get_running_loop().time()
        flushed = await _ask(self.primary, _FLUSHED)
        assert flushed is not None  # a primary has a place in its log
        replica.has_replayed(await _ask(replica.connections, _REPLAYED), now, flushed)


async def _ask(connections: ConnectionsAtHand, question: str) -> int | None:
    connection = await connections.acquire()
    is_sound = False
    try:
        answer: int | None = await connection.fetchval(question)
        is_sound = True
    finally:
        await connections.release(connection, is_sound=is_sound)
    return answer


class Browsed:
    """Stands in for the connection: each question goes to the replica, and from the first that the replica did not
    answer to the primary. They are questions one by one, as `Database.browsing` promises no snapshot."""

    def __init__(self, replica: Replica, primary: ConnectionsAtHand) -> None:
        self._replica = replica
        self._held = replica.connections
        self._primary = primary

    async def begin(self) -> None:
        """Raises Unavailable where neither answers."""
        try:
            self._connection = await self._held.acquire()
        except Unavailable:
            await self._turn_to_primary()

    async def end(self, *, is_sound: bool) -> None:
        await self._held.release(self._connection, is_sound=is_sound)

    async def fetch(self, *asked: Any, **options: Any) -> Any:
        return await self._ask("fetch", asked, options)

    async def fetchrow(self, *asked: Any, **options: Any) -> Any:
        return await self._ask("fetchrow", asked, options)

    async def fetchval(self, *asked: Any, **options: Any) -> Any:
        return await self._ask("fetchval", asked, options)

    async def _ask(self, how: str, asked: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        try:
            return await getattr(self._connection, how)(*asked, **options)
        except (*LOST, asyncpg.InterfaceError, asyncpg.SerializationError) as fault:
            # The last: what it read was tidied away on the primary, and a replica obeys.
            is_gone = isinstance(fault, asyncpg.SerializationError) or is_lost(fault, self._connection)
            if self._held is self._primary or not is_gone:
                raise
            if not isinstance(fault, asyncpg.SerializationError):
                give_up(self._connection)
        await self._held.release(self._connection, is_sound=False)
        await self._turn_to_primary()
        return await getattr(self._connection, how)(*asked, **options)

    async def _turn_to_primary(self) -> None:
        self._replica.is_away()
        self._held = self._primary
        self._connection = await self._primary.acquire()

    def is_lost(self, fault: BaseException) -> bool:
        return is_lost(fault, self._connection)
