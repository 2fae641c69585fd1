"""What an installation is doing at a moment: its nodes, its queues, how much comes through, its database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

NODE_SILENT = timedelta(seconds=15)
"""A voice node proves its life every few seconds; one that said nothing for so long is taken for dead."""


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A voice node. `seen_at` is its last proof of life."""

    name: str
    sip_host: str
    sip_port: int
    draining: bool
    started_at: datetime
    seen_at: datetime
    live_calls: int

    def is_alive(self, now: datetime) -> bool:
        return self.seen_at > now - NODE_SILENT


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker that is connected. `leases`: deliveries that it is sending."""

    number: int
    since: datetime
    leases: int


@dataclass(frozen=True, slots=True)
class QueueLength:
    """Rows that wait for somebody. `due`: so many could be taken now; `oldest_due_at`: since when the first could."""

    name: str
    waiting: int
    due: int
    oldest_due_at: datetime | None

    def delay(self, now: datetime) -> timedelta:
        """How long the first one has been waiting to be taken."""
        oldest = self.oldest_due_at
        return max(now - oldest, timedelta()) if oldest is not None and self.due else timedelta()


@dataclass(frozen=True, slots=True)
class Flow:
    """How many came in the last minute and in the last ten."""

    name: str
    in_a_minute: int
    in_ten: int


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    version: str
    size_bytes: int
    connections: int
    most_connections: int
    longest_transaction_s: float
    migration: str
    """The last that was applied."""


@dataclass(frozen=True, slots=True)
class SystemStatus:
    nodes: Sequence[NodeStatus]
    workers: Sequence[WorkerStatus]
    queues: Sequence[QueueLength]
    flows: Sequence[Flow]
    live_calls: int
    database: DatabaseFacts
    is_balanced: bool | None = None
    """Of the ledger; None where nobody asked for it to be added up."""
