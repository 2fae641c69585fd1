"""`/v1.0/queues` and `/v1.0/queuecalls`: who waits for an agent, and is served (reference 6.3)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import CallId, QueuecallId, QueueId
from dialplane.domain.rooms.queues import Queuecall as DomainQueuecall
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.rooms import queue_members
from dialplane.services.rooms import queues as service
from dialplane.services.rooms.queues import Line, QueueChange
from dialplane.services.shapes.queues import queue_shape, queuecall_shape

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
Size = Annotated[int, msgspec.Meta(ge=1, le=5000)]


class Queue(msgspec.Struct):
    """Calls wait in it, by the action `queue_join` or its direct hash, until an agent takes them."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    routing_method: Literal["", "random"]
    tag_ids: list[UUID]
    wait_flow_id: UUID
    wait_timeout: int
    service_timeout: int
    wrap_up: int
    max_size: int
    wait_queuecall_ids: list[UUID]
    service_queuecall_ids: list[UUID]
    total_incoming_count: int
    total_serviced_count: int
    total_abandoned_count: int
    direct_hash: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewQueue(msgspec.Struct):
    name: Name = ""
    detail: Detail = ""
    routing_method: Literal["", "random"] = ""
    """Empty: the agent who is idle longest."""
    tag_ids: list[UUID] = []
    """Agents with any of these take its calls; none: every agent does."""
    wait_flow_id: UUID | None = None
    """What callers hear while they wait, again and again; none: music."""
    wait_timeout: Milliseconds = 0
    """Who waits longer goes on with its own flow; 0: nobody does."""
    service_timeout: Milliseconds = 0
    """A longer talk is ended; 0: none is."""
    wrap_up: Milliseconds = 0
    """An agent gets the next call so long after the last; 0: once it says that it is available."""
    max_size: Size = 1000


class QueueUpdate(msgspec.Struct):
    """What is left out stays as it is; the nil UUID takes the wait flow away."""

    name: Name | None = None
    detail: Detail | None = None
    routing_method: Literal["", "random"] | None = None
    tag_ids: list[UUID] | None = None
    wait_flow_id: UUID | None = None
    wait_timeout: Milliseconds | None = None
    service_timeout: Milliseconds | None = None
    wrap_up: Milliseconds | None = None
    max_size: Size | None = None


class QueueTags(msgspec.Struct):
    tag_ids: list[UUID]


class QueueRouting(msgspec.Struct):
    routing_method: Literal["", "random"]


class Queuecall(msgspec.Struct):
    """One call's stay in a queue; durations are in milliseconds."""

    id: UUID
    customer_id: UUID
    queue_id: UUID
    reference_type: Literal["call"]
    reference_id: UUID
    status: Literal["initiating", "waiting", "connecting", "kicking", "service", "done", "abandoned"]
    service_agent_id: UUID
    duration_waiting: int
    duration_service: int
    tm_create: str | None
    tm_service: str | None
    tm_update: str | None
    tm_delete: str | None


@get("/", responses=answers(Paged[Queue]))
async def list_queues(request: ApiRequest, page: Paging) -> Fields:
    """The account's queues, newest first."""
    rows = await service.list_queues(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, _show, page)


@post("/", status_code=200, responses=posted(Queue, 404))
async def create_queue(request: ApiRequest, data: JSONBody[NewQueue]) -> Fields:
    """Make a queue."""
    request.require_manager()
    return _show(await service.create_queue(request.database, request.account_id, _read(data), request.now))


@get("/{queue_id:str}", responses=answers(Queue, 404))
async def get_queue(request: ApiRequest, queue_id: FromPath[UUID]) -> Fields:
    """One queue."""
    return _show(await service.get_queue(request.database, request.account_id, QueueId(queue_id)))


@put("/{queue_id:str}", responses=answers(Queue, 404))
async def update_queue(request: ApiRequest, queue_id: FromPath[UUID], data: JSONBody[QueueUpdate]) -> Fields:
    """Change a queue; who waits already keeps the time-outs it came with."""
    return await _change(request, queue_id, _read(data))


@put("/{queue_id:str}/tag_ids", responses=answers(Queue, 404))
async def update_queue_tags(request: ApiRequest, queue_id: FromPath[UUID], data: JSONBody[QueueTags]) -> Fields:
    """Whose calls they are: agents with any of these tags take them."""
    return await _change(request, queue_id, QueueChange(tag_ids=data.tag_ids))


@put("/{queue_id:str}/routing_method", responses=answers(Queue, 404))
async def update_queue_routing(request: ApiRequest, queue_id: FromPath[UUID], data: JSONBody[QueueRouting]) -> Fields:
    """How an agent is chosen."""
    return await _change(request, queue_id, QueueChange(routing_method=data.routing_method))


@delete("/{queue_id:str}", status_code=200, responses=answers(Queue, 404))
async def delete_queue(request: ApiRequest, queue_id: FromPath[UUID]) -> Fields:
    """Take the queue away; whoever waits in it goes on with its own flow."""
    request.require_manager()
    deleted = await queue_members.delete_queue(request.database, request.account_id, QueueId(queue_id), request.now)
    return queue_shape(deleted)


@post("/{queue_id:str}/direct-hash-regenerate", status_code=200, responses=posted(Queue, 404))
async def regenerate_queue_hash(request: ApiRequest, queue_id: FromPath[UUID]) -> Fields:
    """Give the queue another direct hash; the old one is void at once."""
    request.require_manager()
    return _show(
        await service.regenerate_direct_hash(request.database, request.account_id, QueueId(queue_id), request.now)
    )


@get("/", responses=answers(Paged[Queuecall]))
async def list_queuecalls(request: ApiRequest, page: Paging) -> Fields:
    """Every stay in any queue, newest first."""
    rows = await queue_members.list_queuecalls(
        request.database, request.account_id, before=page.before, limit=page.fetch
    )
    return show_page(rows, lambda row: queuecall_shape(row, request.now), page)


@get("/{queuecall_id:str}", responses=answers(Queuecall, 404))
async def get_queuecall(request: ApiRequest, queuecall_id: FromPath[UUID]) -> Fields:
    """One stay in a queue."""
    found = await queue_members.get_queuecall(request.database, request.account_id, QueuecallId(queuecall_id))
    return _show_call(request, found)


@delete("/{queuecall_id:str}", status_code=200, responses=answers(Queuecall, 404))
async def delete_queuecall(request: ApiRequest, queuecall_id: FromPath[UUID]) -> Fields:
    """Take it out of the lists; a call that waits is put out of the queue first."""
    request.require_manager()
    deleted = await queue_members.delete_queuecall(
        request.database, request.account_id, QueuecallId(queuecall_id), request.now
    )
    return _show_call(request, deleted)


@post("/{queuecall_id:str}/kick", status_code=200, responses=posted(Queuecall, 404))
async def kick_queuecall(request: ApiRequest, queuecall_id: FromPath[UUID]) -> Fields:
    """Put the call out of its queue; it goes on with its own flow."""
    request.require_manager()
    kicked = await queue_members.kick(request.database, request.account_id, QueuecallId(queuecall_id), request.now)
    return _show_call(request, kicked)


@post("/reference_id/{call_id:str}/kick", status_code=200, responses=posted(Queuecall, 404))
async def kick_call(request: ApiRequest, call_id: FromPath[UUID]) -> Fields:
    """Put a call out of the queue that it is in, by the call's own id."""
    request.require_manager()
    kicked = await queue_members.kick_call(request.database, request.account_id, CallId(call_id), request.now)
    return _show_call(request, kicked)


async def _change(request: ApiRequest, queue_id: UUID, change: QueueChange) -> Fields:
    request.require_manager()
    return _show(
        await service.update_queue(request.database, request.account_id, QueueId(queue_id), change, request.now)
    )


def _read(data: NewQueue | QueueUpdate) -> QueueChange:
    return QueueChange(
        name=data.name,
        detail=data.detail,
        routing_method=data.routing_method,
        tag_ids=data.tag_ids,
        wait_flow_id=data.wait_flow_id,
        wait_timeout_ms=data.wait_timeout,
        service_timeout_ms=data.service_timeout,
        wrap_up_ms=data.wrap_up,
        max_size=data.max_size,
    )


def _show(line: Line) -> dict[str, object]:
    return queue_shape(line.queue, line.live)


def _show_call(request: ApiRequest, call: DomainQueuecall) -> dict[str, object]:
    return queuecall_shape(call, request.now)


router = Router(
    "/queues",
    route_handlers=[
        list_queues,
        create_queue,
        get_queue,
        update_queue,
        update_queue_tags,
        update_queue_routing,
        delete_queue,
        regenerate_queue_hash,
    ],
    tags=["Queues"],
)
stays_router = Router(
    "/queuecalls",
    route_handlers=[list_queuecalls, get_queuecall, delete_queuecall, kick_queuecall, kick_call],
    tags=["Queues"],
)
