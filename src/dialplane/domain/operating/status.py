"""What an installation is doing at a moment: its nodes, its queues, how much comes through, its database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialplane.domain.operating.nodes import Server
from dialplane.domain.times import span

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
    version: str = ""
    drain_asked: bool = False
    closed_at: datetime | None = None
    """Set: it is dead, and what it left behind was closed by a worker."""

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
    promised_connections: int
    """What all processes that are connected may open together."""
    usable_connections: int
    """Of `most_connections` those that are not kept for superusers."""
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
    servers: Sequence[Server] = ()
    """API, worker and SMPP processes."""
    is_balanced: bool | None = None
    """Of the ledger; None where nobody asked for it to be added up."""


QUEUE_LATE = timedelta(minutes=1)
"""Whoever takes rows of a queue does so within a second; one that waits for a minute has nobody."""
CONNECTIONS_FEW = 0.9
"""Of the connections that the server allows: beyond, the next process that starts may find none."""
TRANSACTION_LONG_S = 300.0
"""No use case takes so long; what is held for so long keeps the tables from being tidied."""


def problems(status: SystemStatus, now: datetime) -> list[str]:
    """What an operator should look at now, each in a sentence; nothing where all is well."""
    found = [
        f"Voice node {node.name} has said nothing for {span((now - node.seen_at).total_seconds())}"
        for node in status.nodes
        if not node.is_alive(now)
    ]
    if not any(node.is_alive(now) and not node.draining for node in status.nodes):
        found.append("No voice node takes calls")
    if not status.workers:
        found.append("No worker is connected: webhooks, messages and renewals wait")
    found += [
        f"{queue.name}: the first of {queue.due} has been due for {span(queue.delay(now).total_seconds())}"
        for queue in status.queues
        if queue.delay(now) > QUEUE_LATE
    ]
    database = status.database
    if database.connections > CONNECTIONS_FEW * database.most_connections:
        found.append(f"{database.connections} of {database.most_connections} connections to the database are in use")
    if database.promised_connections > database.usable_connections:
        found.append(
            f"The processes may open {database.promised_connections} connections to the database together, and it has"
            f" {database.usable_connections}: raise its max_connections, or lower DIALPLANE_CONNECTIONS"
        )
    if database.longest_transaction_s > TRANSACTION_LONG_S:
        found.append(f"A transaction is open for {span(database.longest_transaction_s)}")
    if status.is_balanced is False:
        found.append("The ledger does not balance")
    return found
