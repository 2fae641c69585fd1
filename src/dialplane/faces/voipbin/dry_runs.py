"""`POST /v1.0/flows/{id}/dry_run`: play a flow with a clock, digits and web answers of one's choice."""

from uuid import UUID

import msgspec
from litestar import Router, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import FlowId
from dialplane.faces.voipbin.answers import Fields, posted
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.dry_run import dry_run_flow, dry_run_shape, read_dry_run_input


class HttpAnswer(msgspec.Struct):
    """What a tenant's server would answer; a body that is no text is sent as JSON."""

    status: int = 200
    body: object = ""


class DryRunQuestion(msgspec.Struct, omit_defaults=True):
    """All optional. With `text` it is a message, else a call."""

    from_: str = msgspec.field(name="from", default="")
    to: str = ""
    at: str = ""
    timezone: str = ""
    digits: list[str] = []
    text: str | None = None
    http: dict[str, HttpAnswer] = {}


class DryRunStep(msgspec.Struct):
    action: dict[str, object]
    at: str
    duration_ms: int
    result: str


class DryRun(msgspec.Struct):
    """What would happen, step by step, and what it would cost."""

    steps: list[DryRunStep]
    ended: str
    duration_ms: int
    price_micros: int
    problems: list[str]


@post("/{flow_id:str}/dry_run", status_code=200, responses=posted(DryRun, 404))
async def dry_run(request: ApiRequest, flow_id: FromPath[UUID], data: JSONBody[DryRunQuestion | None] = None) -> Fields:
    """Play a flow without a call and at no charge. The same question gives the same answer."""
    raw = {} if data is None else msgspec.to_builtins(data)
    wanted = read_dry_run_input(raw, request.now)
    return dry_run_shape(await dry_run_flow(request.database, request.account_id, FlowId(flow_id), wanted))


router = Router("/flows", route_handlers=[dry_run], tags=["Flows"])
