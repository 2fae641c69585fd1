"""`/v1.0/activeflows`: runs of flows (reference 3.3)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import RunId, unless_nil
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.flows import ActionList
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.programs import runs as service
from dialplane.services.programs.api_runs import RunWish
from dialplane.services.shapes.runs import run_shape


class Activeflow(msgspec.Struct):
    """One run of a flow. `error` says why it had to end, where it did; `canary`, that a share of the calls takes its
    version."""

    id: UUID
    customer_id: UUID
    flow_id: UUID
    flow_version: int
    canary: bool
    status: str
    reference_type: str
    reference_id: UUID
    reference_activeflow_id: UUID
    on_complete_flow_id: UUID
    webhook_uri: str
    webhook_method: str
    current_action: dict[str, object]
    forward_action_id: UUID
    executed_actions: list[dict[str, object]]
    error: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewActiveflow(msgspec.Struct):
    """All optional; a run without `flow_id` and `actions` ends at once."""

    id: UUID | None = None
    flow_id: UUID | None = None
    actions: ActionList | None = None
    variables: dict[str, str] | None = None
    webhook_uri: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    webhook_method: Literal["", "POST", "GET", "PUT", "DELETE"] = ""


@get("/", responses=answers(Paged[Activeflow]))
async def list_activeflows(request: ApiRequest, page: Paging) -> Fields:
    """The account's runs, newest first."""
    rows = await service.list_runs(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, run_shape, page)


@post("/", status_code=200, responses=posted(Activeflow, 404))
async def create_activeflow(request: ApiRequest, data: JSONBody[NewActiveflow]) -> Fields:
    """Run a flow, or the actions given, without a call."""
    request.require_manager()
    named = {"id": unless_nil(data.id), "flow_id": unless_nil(data.flow_id)}
    wish = RunWish(**msgspec.structs.asdict(data) | named)
    return run_shape(await request.ports.runs.start(request.account_id, wish))


@get("/{activeflow_id:str}", responses=answers(Activeflow, 404))
async def get_activeflow(request: ApiRequest, activeflow_id: FromPath[UUID]) -> Fields:
    """One run."""
    return run_shape(await service.get_run(request.database, request.account_id, RunId(activeflow_id)))


@post("/{activeflow_id:str}/stop", status_code=200, responses=posted(Activeflow, 404))
async def stop_activeflow(request: ApiRequest, activeflow_id: FromPath[UUID]) -> Fields:
    """End a run, and its call where it has one."""
    request.require_manager()
    return run_shape(await service.stop_run(request.database, request.account_id, RunId(activeflow_id), request.now))


@post("/{activeflow_id:str}/continue", status_code=200, responses=posted(Activeflow, 404))
async def continue_activeflow(request: ApiRequest, activeflow_id: FromPath[UUID]) -> Fields:
    """Let a run go on that an action `block` holds."""
    request.require_manager()
    run = await service.continue_run(request.database, request.account_id, RunId(activeflow_id), request.now)
    return run_shape(run)


@delete("/{activeflow_id:str}", status_code=200, responses=answers(Activeflow, 404))
async def delete_activeflow(request: ApiRequest, activeflow_id: FromPath[UUID]) -> Fields:
    """Take a run out of the lists; one that is going on is stopped first."""
    request.require_manager()
    return run_shape(await service.delete_run(request.database, request.account_id, RunId(activeflow_id), request.now))


router = Router(
    "/activeflows",
    route_handlers=[
        list_activeflows,
        create_activeflow,
        get_activeflow,
        stop_activeflow,
        continue_activeflow,
        delete_activeflow,
    ],
    tags=["Activeflows"],
)
