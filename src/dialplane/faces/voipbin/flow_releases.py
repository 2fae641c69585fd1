"""`/v1.0/flows/{id}/draft`, `/publish` and `/canary`: a flow's way to its callers (Dialplane's own)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.flows.schema import actions_schema
from dialplane.domain.ids import FlowId
from dialplane.faces.voipbin.answers import Detail, Fields, Name, answers, posted
from dialplane.faces.voipbin.flows import ActionList, Flow
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.programs import flow_releases as service
from dialplane.services.shapes.flows import draft_shape, flow_shape


class Fault(msgspec.Struct):
    """What keeps a draft from being published; `field` is a path such as `actions[2].option.text`."""

    field: str
    reason: str
    message: str


class FlowDraft(msgspec.Struct):
    """What is being written of a flow. It runs nowhere; `based_on` is the flow's version when it was begun."""

    flow_id: UUID
    name: str
    detail: str
    actions: list[object]
    on_complete_flow_id: UUID
    based_on: int
    revision: int
    faults: list[Fault]
    tm_update: str


class DraftUpdate(msgspec.Struct):
    """What is left out stays as it is, in the draft or where there is none in the flow. With `revision` (0: there is
    no draft yet) a draft that somebody else has changed meanwhile is not written over."""

    name: Name | None = None
    detail: Detail | None = None
    actions: ActionList | None = None
    on_complete_flow_id: UUID | None = None
    revision: Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)] | None = None


class OldVersion(msgspec.Struct):
    version: Annotated[int, msgspec.Meta(ge=1, le=2_147_483_647)]


Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]


class Publication(msgspec.Struct):
    """`percent` of the new calls, messages and runs take the draft; 100 is all of them."""

    percent: Percent = 100


class Share(msgspec.Struct):
    """100 makes the canary's version the flow's own."""

    percent: Percent


@get("/flows/{flow_id:str}/draft", responses=answers(FlowDraft, 404))
async def get_flow_draft(request: ApiRequest, flow_id: FromPath[UUID]) -> Fields:
    """The draft of a flow, with all faults that it still has."""
    draft = await service.get_draft(request.database, request.account_id, FlowId(flow_id))
    return draft_shape(draft, service.faults_of(draft))


@put("/flows/{flow_id:str}/draft", responses=answers(FlowDraft, 404, 409))
async def save_flow_draft(request: ApiRequest, flow_id: FromPath[UUID], data: JSONBody[DraftUpdate]) -> Fields:
    """Write the draft. It is kept with its faults, and runs nowhere until it is published."""
    request.require_manager()
    change = service.DraftChange(data.name, data.detail, data.actions, data.on_complete_flow_id, data.revision)
    draft = await service.save_draft(request.database, request.account_id, FlowId(flow_id), change, request.now)
    return draft_shape(draft, service.faults_of(draft))


@post("/flows/{flow_id:str}/draft", status_code=200, responses=posted(FlowDraft, 404))
async def begin_flow_draft(request: ApiRequest, flow_id: FromPath[UUID], data: JSONBody[OldVersion]) -> Fields:
    """Begin the draft anew with what a version was."""
    request.require_manager()
    draft = await service.draft_from_version(
        request.database, request.account_id, FlowId(flow_id), data.version, request.now
    )
    return draft_shape(draft, service.faults_of(draft))


@delete("/flows/{flow_id:str}/draft", status_code=200, responses=answers(FlowDraft, 404))
async def discard_flow_draft(request: ApiRequest, flow_id: FromPath[UUID]) -> Fields:
    """Throw the draft away. The answer is the draft as it was."""
    request.require_manager()
    draft = await service.discard_draft(request.database, request.account_id, FlowId(flow_id))
    return draft_shape(draft, service.faults_of(draft))


@post("/flows/{flow_id:str}/publish", status_code=200, responses=posted(Flow, 404))
async def publish_flow_draft(
    request: ApiRequest, flow_id: FromPath[UUID], data: JSONBody[Publication | None] = None
) -> Fields:
    """Make the draft the flow's next version: for all, or as its canary for a share, which is decided for each call
    once, when it begins. Calls that are going on stay on their version."""
    request.require_manager()
    percent = (data or Publication()).percent
    return flow_shape(
        await service.publish_draft(request.database, request.account_id, FlowId(flow_id), percent, request.now)
    )


@put("/flows/{flow_id:str}/canary", responses=answers(Flow, 404))
async def set_flow_canary(request: ApiRequest, flow_id: FromPath[UUID], data: JSONBody[Share]) -> Fields:
    """Change the share of the flow's canary, or let all have it."""
    request.require_manager()
    return flow_shape(
        await service.set_canary(request.database, request.account_id, FlowId(flow_id), data.percent, request.now)
    )


@delete("/flows/{flow_id:str}/canary", status_code=200, responses=answers(Flow, 404))
async def stop_flow_canary(request: ApiRequest, flow_id: FromPath[UUID]) -> Fields:
    """End the canary: all take the flow's own version again. The other one stays among the versions."""
    request.require_manager()
    return flow_shape(await service.stop_canary(request.database, request.account_id, FlowId(flow_id), request.now))


@get("/flow_schema", responses=answers(dict[str, object]))
async def get_flow_schema(request: ApiRequest) -> Fields:
    """JSON Schema of a flow's actions, out of the catalogue that the validator asks. Editors make their forms of it."""
    return actions_schema()


router = Router(
    "/",
    route_handlers=[
        get_flow_draft,
        save_flow_draft,
        begin_flow_draft,
        discard_flow_draft,
        publish_flow_draft,
        set_flow_canary,
        stop_flow_canary,
        get_flow_schema,
    ],
    tags=["Flows"],
)
