"""`/v1.0/flows`: what runs when a call or a message arrives (reference 3.1, 3.2)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.flows import flow as domain
from dialplane.domain.flows.warnings import find_warnings
from dialplane.domain.ids import FlowId
from dialplane.faces.documentation import ACTION_LIST
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.programs import flows as service
from dialplane.services.shapes.flows import flow_shape, version_shape


class Action(msgspec.Struct, omit_defaults=True):
    """One step. `option` depends on `type`; its strings may hold `${variables}`."""

    type: str
    id: str = ""
    next_id: str = ""
    option: dict[str, object] = {}


ActionList = Annotated[
    list[object],
    msgspec.Meta(
        description=ACTION_LIST,
        examples=[[{"type": "answer"}, {"type": "talk", "option": {"text": "Hello", "language": "en-US"}}]],
    ),
]
"""The actions of a body go to the flow validator as they came: it names the action and the field that is wrong."""


class Canary(msgspec.Struct):
    """A version that `percent` of the new calls, messages and runs takes in place of the flow's own."""

    version: int
    percent: int
    tm_start: str


class Flow(msgspec.Struct):
    """A list of actions with a name."""

    id: UUID
    customer_id: UUID
    type: str
    name: str
    detail: str
    actions: list[Action]
    direct_hash: str
    on_complete_flow_id: UUID
    version: int
    canary: Canary | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class WrittenFlow(Flow):
    """A flow as it was just written; `warnings` says what of it cannot do all that it says on this installation."""

    warnings: list[str]


class FlowVersion(msgspec.Struct):
    """A flow as one write left it."""

    flow_id: UUID
    version: int
    name: str
    detail: str
    actions: list[Action]
    on_complete_flow_id: UUID
    tm_create: str


class RollBack(msgspec.Struct):
    """Without a version: to the one before the flow's own."""

    version: Annotated[int, msgspec.Meta(ge=1, le=2_147_483_647)] | None = None


class NewFlow(msgspec.Struct):
    name: Name
    actions: ActionList
    detail: Detail = ""
    on_complete_flow_id: UUID | None = None


class FlowUpdate(msgspec.Struct):
    """What is left out stays as it is; the nil UUID takes `on_complete_flow_id` away."""

    name: Name | None = None
    detail: Detail | None = None
    actions: ActionList | None = None
    on_complete_flow_id: UUID | None = None


@get("/", responses=answers(Paged[Flow]))
async def list_flows(request: ApiRequest, page: Paging) -> Fields:
    """The account's flows, newest first."""
    rows = await service.list_flows(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, flow_shape, page)


@post("/", status_code=200, responses=posted(WrittenFlow, 404))
async def create_flow(request: ApiRequest, data: JSONBody[NewFlow]) -> Fields:
    """Make a flow. Its actions are checked in full: a refusal names the action and the field."""
    request.require_manager()
    change = service.FlowChange(data.name, data.detail, data.actions, data.on_complete_flow_id)
    return _written(request, await service.create_flow(request.database, request.account_id, change, request.now))


@get("/{flow_id:str}", responses=answers(Flow, 404))
async def get_flow(request: ApiRequest, flow_id: FromPath[UUID]) -> Fields:
    """One flow."""
    return flow_shape(await service.get_flow(request.database, request.account_id, FlowId(flow_id)))


@put("/{flow_id:str}", responses=answers(WrittenFlow, 404))
async def update_flow(request: ApiRequest, flow_id: FromPath[UUID], data: JSONBody[FlowUpdate]) -> Fields:
    """Change a flow. Runs that are going on keep the actions that they began with."""
    request.require_manager()
    change = service.FlowChange(data.name, data.detail, data.actions, data.on_complete_flow_id)
    return _written(
        request, await service.update_flow(request.database, request.account_id, FlowId(flow_id), change, request.now)
    )


@get("/{flow_id:str}/versions", responses=answers(Paged[FlowVersion], 404))
async def list_flow_versions(request: ApiRequest, flow_id: FromPath[UUID], page: Paging) -> Fields:
    """The flow's versions, newest first: each write made one."""
    rows = await service.list_versions(
        request.database, request.account_id, FlowId(flow_id), before=page.before, limit=page.fetch
    )
    return show_page(rows, version_shape, page)


@get("/{flow_id:str}/versions/{version:int}", responses=answers(FlowVersion, 404))
async def get_flow_version(request: ApiRequest, flow_id: FromPath[UUID], version: FromPath[int]) -> Fields:
    """One version of a flow."""
    return version_shape(
        await service.get_version(request.database, request.account_id, FlowId(flow_id), _version(version))
    )


@post("/{flow_id:str}/rollback", status_code=200, responses=posted(WrittenFlow, 404))
async def roll_back_flow(
    request: ApiRequest, flow_id: FromPath[UUID], data: JSONBody[RollBack | None] = None
) -> Fields:
    """Make the flow what it was at a version, as a new version. Runs that are going on stay on theirs."""
    request.require_manager()
    version = data.version if data else None
    rolled_back = await service.roll_back(request.database, request.account_id, FlowId(flow_id), version, request.now)
    return _written(request, rolled_back)


@delete("/{flow_id:str}", status_code=200, responses=answers(Flow, 404))
async def delete_flow(request: ApiRequest, flow_id: FromPath[UUID]) -> Fields:
    """Delete a flow and take it off every number that uses it."""
    request.require_manager()
    return flow_shape(await service.delete_flow(request.database, request.account_id, FlowId(flow_id), request.now))


@post("/{flow_id:str}/direct-hash-regenerate", status_code=200, responses=posted(Flow, 404))
async def regenerate_flow_hash(request: ApiRequest, flow_id: FromPath[UUID]) -> Fields:
    """Give the flow another direct hash; the old one is void at once."""
    request.require_manager()
    return flow_shape(
        await service.regenerate_direct_hash(request.database, request.account_id, FlowId(flow_id), request.now)
    )


def _written(request: ApiRequest, flow: domain.Flow) -> Fields:
    return {**flow_shape(flow), "warnings": find_warnings(flow.actions, request.ports.abilities)}


def _version(number: int) -> int:
    """What no column holds is no version."""
    return number if 0 <= number < 2**31 else 0


router = Router(
    "/flows",
    route_handlers=[
        list_flows,
        create_flow,
        get_flow,
        update_flow,
        list_flow_versions,
        get_flow_version,
        roll_back_flow,
        delete_flow,
        regenerate_flow_hash,
    ],
    tags=["Flows"],
)
