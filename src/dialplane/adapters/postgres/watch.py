"""What the operator watches, read from Postgres: its own views beside the platform's tables."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.link import WORKER_LOCK
from dialplane.domain.ids import AccountId
from dialplane.domain.operating.status import DatabaseFacts, Flow, NodeStatus, QueueLength, WorkerStatus
from dialplane.domain.operating.unusual import (
    CallsOfAccount,
    First,
    FirstKind,
    Reached,
    Sent,
    SpentByAccount,
    Stranger,
    TextsOfAccount,
)

_SQL = queries("watch")


class PostgresWatchStore:
    """Fulfils `services.operating.watch.WatchStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def nodes(self) -> Sequence[NodeStatus]:
        return [NodeStatus(**row) for row in await self._connection.fetch(_SQL["nodes"])]

    async def workers(self) -> Sequence[WorkerStatus]:
        return [WorkerStatus(**row) for row in await self._connection.fetch(_SQL["workers"], WORKER_LOCK)]

    async def queues(self, now: datetime) -> Sequence[QueueLength]:
        return [QueueLength(**row) for row in await self._connection.fetch(_SQL["queues"], now)]

    async def flows(self, minute: UUID, ten: UUID) -> Sequence[Flow]:
        return [Flow(**row) for row in await self._connection.fetch(_SQL["flows"], minute, ten)]

    async def live_calls(self) -> int:
        return int(await self._connection.fetchval(_SQL["live_calls"]))

    async def database(self) -> DatabaseFacts:
        row = await self._connection.fetchrow(_SQL["database"])
        budget = await self._connection.fetchrow(_SQL["budget"])
        assert row is not None  # each selects one row, always
        assert budget is not None
        return DatabaseFacts(**row, promised_connections=budget["promised"], usable_connections=budget["usable"])

    async def spending(self, *, hour: datetime, today: date, week: date, least: int) -> Sequence[SpentByAccount]:
        rows = await self._connection.fetch(_SQL["spending"], hour, today, week, least)
        return [SpentByAccount(**row) for row in rows]

    async def reached(self, since: UUID) -> Sequence[Reached]:
        return [Reached(**row) for row in await self._connection.fetch(_SQL["reached"], since)]

    async def note_firsts(self, firsts: Collection[First], now: datetime) -> Sequence[First]:
        columns = ([getattr(each, name) for each in firsts] for name in ("account_id", "kind", "country"))
        rows = await self._connection.fetch(_SQL["note_firsts"], *columns, now)
        return [First(AccountId(row["account_id"]), FirstKind(row["kind"]), row["country"]) for row in rows]

    async def calls(self, since: UUID) -> Sequence[CallsOfAccount]:
        return [CallsOfAccount(**row) for row in await self._connection.fetch(_SQL["calls"], since)]

    async def texts(self, since: UUID) -> Sequence[TextsOfAccount]:
        return [TextsOfAccount(**row) for row in await self._connection.fetch(_SQL["texts"], since)]

    async def sent_texts(self, since: UUID, *, limit: int) -> Sequence[Sent]:
        return [Sent(**row) for row in await self._connection.fetch(_SQL["sent_texts"], since, limit)]

    async def strangers(self, since: UUID) -> Sequence[Stranger]:
        return [Stranger(**row) for row in await self._connection.fetch(_SQL["strangers"], since)]
