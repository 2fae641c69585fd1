"""The nodes of every role: who lives, what it carries; a voice node is drained and let in again."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath

from dialplane.domain.operating.nodes import Role, Server
from dialplane.domain.operating.status import NodeStatus
from dialplane.faces.operator.answers import posting, refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.operating.nodes import drain_node, forget_node
from dialplane.services.operating.watch import find_nodes

NodeName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class ShownNode(msgspec.Struct):
    """A process. `name` of a voice node is its own; of the others it is the machine's and the process's number."""

    role: Role
    name: str
    version: str
    alive: bool
    draining: bool
    started_at: datetime
    seen_at: datetime
    """Its last sign of life; a voice node gives one each second, the others every five."""
    sip_host: str = ""
    sip_port: int = 0
    live_calls: int = 0
    load: dict[str, float] = {}
    """`cpu`, the share of one core; `rss_bytes`. Of a voice node its metrics tell."""


class ShownNodes(msgspec.Struct):
    nodes: list[ShownNode]


@get("/", responses=refusals())
async def list_nodes(request: OperatorRequest) -> ShownNodes:
    """Voice nodes first, then API, worker and SMPP processes; one that was silent for a day is not shown."""
    voices, servers = await find_nodes(request.database)
    return ShownNodes(
        [
            *(show_voice(node, request.now) for node in voices),
            *(show_server(server, request.now) for server in servers),
        ]
    )


@post("/{name:str}/drain", responses=posting(404))
async def drain(request: OperatorRequest, name: FromPath[NodeName]) -> ShownNode:
    """Let a voice node take no new calls: OPTIONS and INVITE get 503 within a second, and the process ends with its
    last call (AV-1). One that is started again takes calls."""
    return await _order(request, name, drain=True)


@post("/{name:str}/undrain", responses=posting(404))
async def undrain(request: OperatorRequest, name: FromPath[NodeName]) -> ShownNode:
    """Let a node that drains take calls again."""
    return await _order(request, name, drain=False)


@delete("/{name:str}", status_code=200, responses=refusals(404, 409))
async def forget(request: OperatorRequest, name: FromPath[NodeName]) -> ShownNode:
    """Take a voice node that is dead and will not come back off the list; one that lives, or whose calls are not closed
    yet, is a conflict. Without this it is forgotten after a day."""
    voices, _ = await find_nodes(request.database)
    await forget_node(request.database, name, request.now)
    return next(show_voice(node, request.now) for node in voices if node.name == name)


async def _order(request: OperatorRequest, name: str, *, drain: bool) -> ShownNode:
    await drain_node(request.database, name, drain=drain)
    voices, _ = await find_nodes(request.database)
    return next(show_voice(node, request.now) for node in voices if node.name == name)


def show_voice(node: NodeStatus, now: datetime) -> ShownNode:
    return ShownNode(
        role=Role.VOICE,
        name=node.name,
        version=node.version,
        alive=node.is_alive(now),
        draining=node.draining or node.drain_asked,
        started_at=node.started_at,
        seen_at=node.seen_at,
        sip_host=node.sip_host,
        sip_port=node.sip_port,
        live_calls=node.live_calls,
    )


def show_server(server: Server, now: datetime) -> ShownNode:
    return ShownNode(
        role=server.role,
        name=f"{server.host}:{server.pid}",
        version=server.version,
        alive=server.is_alive(now),
        draining=False,
        started_at=server.started_at,
        seen_at=server.seen_at,
        load=dict(server.load),
    )


router = Router("/nodes", route_handlers=[list_nodes, drain, undrain, forget], tags=["Platform"])
