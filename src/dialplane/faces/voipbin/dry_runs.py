"""Dry runs: play a flow or document with a clock, a caller and web answers of one's choice; replay a real call."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import CallId, unless_nil
from dialplane.faces.voipbin.answers import Fields, posted
from dialplane.faces.voipbin.flows import ActionList
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling.traces import wait_for_trace
from dialplane.services.programs.dry_run import Draft, dry_run, dry_run_shape
from dialplane.services.programs.dry_run_input import read_script
from dialplane.services.programs.replays import replay_call, replay_shape


class HttpAnswer(msgspec.Struct):
    """What a tenant's server would answer; a body that is no text is sent as JSON. Status 0: nobody answers."""

    status: int = 200
    body: object = ""
    content_type: str = ""


class CallerTurn(msgspec.Struct, omit_defaults=True):
    """What the caller presses or says: to the next question, or at a time of the call."""

    press: str = ""
    say: str = ""
    at_ms: int | None = None


class DialOutcome(msgspec.Struct, omit_defaults=True):
    """How dialling `to` ends; "" is anybody."""

    to: str = ""
    status: str = "answered"
    talk_s: int = 60
    ring_s: int = 5
    sip_code: int = 0


class Question(msgspec.Struct, omit_defaults=True, kw_only=True):
    """All optional. With `text` it is a message, else a call."""

    from_: str = msgspec.field(name="from", default="")
    to: str = ""
    at: str = ""
    timezone: str = ""
    digits: list[str] = []
    caller: list[CallerTurn] = []
    hangs_up_at_ms: int | None = None
    text: str | None = None
    http: dict[str, HttpAnswer | list[HttpAnswer]] = {}
    dial: list[DialOutcome] = []
    answered_by: str = ""
    variables: dict[str, str] = {}


class FlowQuestion(Question, omit_defaults=True, kw_only=True):
    version: int | None = None


class DraftQuestion(FlowQuestion, omit_defaults=True, kw_only=True):
    """One of `flow_id`, `actions`, `document` and `url` says what is played."""

    flow_id: UUID | None = None
    actions: ActionList | None = None
    document: Annotated[str, msgspec.Meta(max_length=65_536)] | None = None
    url: str | None = None
    method: Literal["GET", "POST"] = "POST"


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


@post("/flows/{flow_id:str}/dry_run", status_code=200, responses=posted(DryRun, 404))
async def dry_run_flow(
    request: ApiRequest, flow_id: FromPath[UUID], data: JSONBody[FlowQuestion | None] = None
) -> Fields:
    """Play a flow without a call and at no charge. The same question gives the same answer."""
    asked = data or FlowQuestion()
    script = read_script(msgspec.to_builtins(asked), request.now)
    draft = Draft(flow_id=flow_id, version=asked.version)
    return dry_run_shape(await dry_run(request.database, request.account_id, draft, script))


@post("/dry_run", status_code=200, responses=posted(DryRun, 404))
async def dry_run_draft(request: ApiRequest, data: JSONBody[DraftQuestion]) -> Fields:
    """Play actions or an XML document that are not written anywhere yet."""
    script = read_script(msgspec.to_builtins(data), request.now)
    draft = Draft(unless_nil(data.flow_id), data.version, data.actions, data.document, data.url, data.method)
    return dry_run_shape(await dry_run(request.database, request.account_id, draft, script))


class ReplayQuestion(msgspec.Struct, omit_defaults=True):
    """What the call is played against; left out: its flow as it is now."""

    flow_id: UUID | None = None
    version: int | None = None
    actions: ActionList | None = None
    document: Annotated[str, msgspec.Meta(max_length=65_536)] | None = None
    url: str | None = None
    method: Literal["GET", "POST"] = "POST"


class Difference(msgspec.Struct):
    """`kind` is same, changed (another option), missing (only in the real call) or new (only in the draft)."""

    kind: str
    real: dict[str, object] | None
    draft: dict[str, object] | None


class Replay(msgspec.Struct):
    call_id: UUID
    flow_id: UUID | None
    flow_version: int
    is_same: bool
    difference: list[Difference]
    draft: DryRun


@post("/calls/{call_id:str}/replay", status_code=200, responses=posted(Replay, 404))
async def replay(request: ApiRequest, call_id: FromPath[UUID], data: JSONBody[ReplayQuestion | None] = None) -> Fields:
    """Play what was recorded of a call against a draft, and show where the way differs."""
    asked = data or ReplayQuestion()
    draft = Draft(unless_nil(asked.flow_id), asked.version, asked.actions, asked.document, asked.url, asked.method)
    await wait_for_trace(request.database, request.account_id, CallId(call_id), request.now)
    played = await replay_call(request.database, request.account_id, CallId(call_id), draft)
    return replay_shape(CallId(call_id), played)


router = Router("/", route_handlers=[dry_run_flow, dry_run_draft, replay], tags=["Dry runs"])
