"""What the operator watches: the state of the system, and accounts whose traffic is not as usual."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from dialplane.domain.ids import first_id
from dialplane.domain.operating.nodes import Server
from dialplane.domain.operating.status import (
    DatabaseFacts,
    Flow,
    NodeStatus,
    QueueLength,
    SystemStatus,
    WorkerStatus,
)
from dialplane.domain.operating.unusual import (
    LEAST_USUAL,
    SPIKE,
    USUAL_OVER,
    Alert,
    CallsOfAccount,
    First,
    Reached,
    Sent,
    SpentByAccount,
    Stranger,
    TextsOfAccount,
    calls_alerts,
    pumping_alerts,
    spending_alerts,
    stranger_alerts,
    texts_alerts,
)
from dialplane.services.transaction import Database, Transaction

_HOUR, _TEN_MINUTES = timedelta(hours=1), timedelta(minutes=10)
_MOST_TEXTS = 20_000
"""Of the last ten minutes that are looked at for numbers in a row."""


class WatchStore(Protocol):
    """Port. What is given as an id stands for the moment from which on rows are counted."""

    async def nodes(self) -> Sequence[NodeStatus]: ...

    async def workers(self) -> Sequence[WorkerStatus]: ...

    async def queues(self, now: datetime) -> Sequence[QueueLength]: ...

    async def flows(self, minute: UUID, ten: UUID) -> Sequence[Flow]: ...

    async def live_calls(self) -> int: ...

    async def database(self) -> DatabaseFacts: ...

    async def spending(self, *, hour: datetime, today: date, week: date, least: int) -> Sequence[SpentByAccount]:
        """Of accounts that spent `least` micros or more on outgoing traffic since `hour`, or since a pause of it was
        lifted; what they spent from the day `week` until then beside it."""
        ...

    async def reached(self, since: UUID) -> Sequence[Reached]:
        """Where calls and texts of accounts went."""
        ...

    async def note_firsts(self, firsts: Collection[First], now: datetime) -> Sequence[First]:
        """Those that were not noted before."""
        ...

    async def calls(self, since: UUID) -> Sequence[CallsOfAccount]: ...

    async def texts(self, since: UUID) -> Sequence[TextsOfAccount]: ...

    async def sent_texts(self, since: UUID, *, limit: int) -> Sequence[Sent]: ...

    async def strangers(self, since: UUID) -> Sequence[Stranger]: ...


async def read_status(database: Database, now: datetime, *, adds_ledger_up: bool = False) -> SystemStatus:
    """`adds_ledger_up`: read the whole ledger, too, which takes long where it is large."""
    minute, ten = first_id(now - timedelta(minutes=1)), first_id(now - _TEN_MINUTES)
    async with database.reading() as tx:
        status = SystemStatus(
            nodes=await tx.watch.nodes(),
            workers=await tx.watch.workers(),
            queues=await tx.watch.queues(now),
            flows=await tx.watch.flows(minute, ten),
            live_calls=await tx.watch.live_calls(),
            database=await tx.watch.database(),
            servers=await tx.nodes.servers(),
        )
        if adds_ledger_up:
            return replace(status, is_balanced=(await tx.ledger.totals()).balanced)
    return status


async def spending(tx: Transaction, now: datetime) -> Sequence[SpentByAccount]:
    """Of accounts that spend much."""
    today = now.astimezone(UTC).date()
    return await tx.watch.spending(hour=now - _HOUR, today=today, week=today - USUAL_OVER, least=SPIKE * LEAST_USUAL)


async def find_servers(database: Database) -> tuple[Sequence[NodeStatus], Sequence[WorkerStatus]]:
    """Who has work of the platform in hand. Raises Unavailable."""
    async with database.reading() as tx:
        return await tx.watch.nodes(), await tx.watch.workers()


async def find_nodes(database: Database) -> tuple[Sequence[NodeStatus], Sequence[Server]]:
    """Voice nodes, and the processes of the other roles. Raises Unavailable."""
    async with database.reading() as tx:
        return await tx.watch.nodes(), await tx.nodes.servers()


async def find_alerts(database: Database, now: datetime) -> list[Alert]:
    """Accounts and strangers whose traffic is not as usual, the worst first (FRD-5, FRD-6)."""
    hour = first_id(now - _HOUR)
    async with database.reading() as tx:
        found = [
            *spending_alerts(await spending(tx, now), now),
            *pumping_alerts(await tx.watch.sent_texts(first_id(now - _TEN_MINUTES), limit=_MOST_TEXTS)),
            *texts_alerts(await tx.watch.texts(hour)),
            *calls_alerts(await tx.watch.calls(hour)),
            *stranger_alerts(await tx.watch.strangers(hour)),
        ]
    return sorted(found, key=lambda alert: not alert.is_severe)
