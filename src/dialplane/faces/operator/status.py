"""The state of the whole platform at a moment, for people and programs that watch it."""

from datetime import datetime

import msgspec
from litestar import Router, get

from dialplane import __version__
from dialplane.domain.operating.nodes import Role
from dialplane.domain.operating.status import SystemStatus, problems
from dialplane.faces.operator.answers import refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.calling.trunks import list_trunks
from dialplane.services.operating.watch import read_status


class NodeState(msgspec.Struct):
    """A voice node. `seen_at` is its last sign of life."""

    name: str
    sip_host: str
    sip_port: int
    alive: bool
    draining: bool
    live_calls: int
    started_at: datetime
    seen_at: datetime
    version: str


class ServerState(msgspec.Struct):
    """An API, worker or SMPP process. `cpu` is the share of one core."""

    role: Role
    name: str
    version: str
    alive: bool
    cpu: float
    rss_bytes: int
    started_at: datetime
    seen_at: datetime


class WorkerState(msgspec.Struct):
    since: datetime
    sending: int
    """Webhooks that it is sending."""


class QueueState(msgspec.Struct):
    """`due` of the `waiting` could be taken now, the first for `delay_s`."""

    name: str
    waiting: int
    due: int
    delay_s: float


class FlowState(msgspec.Struct):
    name: str
    in_a_minute: int
    in_ten_minutes: int


class TrunkState(msgspec.Struct):
    """A trunk of the operator's own."""

    name: str
    host: str
    port: int | None
    """Null: found in DNS."""
    brings_calls: bool
    takes_calls: bool


class DatabaseState(msgspec.Struct):
    version: str
    migration: str
    size_bytes: int
    connections: int
    most_connections: int
    promised_connections: int
    usable_connections: int
    longest_transaction_s: float


class PlatformState(msgspec.Struct):
    """`problems` is empty where all is well."""

    version: str
    at: datetime
    problems: list[str]
    live_calls: int
    nodes: list[NodeState]
    servers: list[ServerState]
    workers: list[WorkerState]
    queues: list[QueueState]
    flows: list[FlowState]
    trunks: list[TrunkState]
    database: DatabaseState


@get("/status", responses=refusals())
async def get_status(request: OperatorRequest) -> PlatformState:
    """Nodes, workers, queues, trunks and the database, and what of it should be looked at."""
    now = request.now
    status = await read_status(request.database, now)
    shown = _show(status, now)
    shown.trunks = [
        TrunkState(trunk.name, trunk.host, trunk.own_gateway.written_port, trunk.brings_calls, bool(trunk.host))
        for trunk in await list_trunks(request.database)
        if trunk.account_id is None
    ]
    return shown


def _show(status: SystemStatus, now: datetime) -> PlatformState:
    database = status.database
    return PlatformState(
        version=__version__,
        at=now,
        problems=problems(status, now),
        live_calls=status.live_calls,
        nodes=[
            NodeState(
                name=node.name,
                sip_host=node.sip_host,
                sip_port=node.sip_port,
                alive=node.is_alive(now),
                draining=node.draining,
                live_calls=node.live_calls,
                started_at=node.started_at,
                seen_at=node.seen_at,
                version=node.version,
            )
            for node in status.nodes
        ],
        servers=[
            ServerState(
                role=server.role,
                name=f"{server.host}:{server.pid}",
                version=server.version,
                alive=server.is_alive(now),
                cpu=server.load.get("cpu", 0.0),
                rss_bytes=int(server.load.get("rss_bytes", 0)),
                started_at=server.started_at,
                seen_at=server.seen_at,
            )
            for server in status.servers
        ],
        workers=[WorkerState(worker.since, worker.leases) for worker in status.workers],
        queues=[
            QueueState(queue.name, queue.waiting, queue.due, queue.delay(now).total_seconds())
            for queue in status.queues
        ],
        flows=[FlowState(flow.name, flow.in_a_minute, flow.in_ten) for flow in status.flows],
        trunks=[],
        database=DatabaseState(
            version=database.version,
            migration=database.migration,
            size_bytes=database.size_bytes,
            connections=database.connections,
            most_connections=database.most_connections,
            promised_connections=database.promised_connections,
            usable_connections=database.usable_connections,
            longest_transaction_s=database.longest_transaction_s,
        ),
    )


router = Router("/", route_handlers=[get_status], tags=["Platform"])
