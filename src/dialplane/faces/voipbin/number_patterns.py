"""`/v1.0/number_patterns`: regular expressions that stand for many numbers, and what they would take."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.errors import AlreadyExists, Invalid
from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.numbering.targets import Targets, TargetsChange
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.targets import NumberTargets, read_change, read_targets
from dialplane.services.numbering import number_patterns as service
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.sip_numbers import create_pattern
from dialplane.services.shapes.number_patterns import show_pattern, show_trial


class NumberPattern(msgspec.Struct):
    """A pattern; it is a number too, with the same id, at `/v1.0/numbers`."""

    id: UUID
    customer_id: UUID
    pattern: str
    anchored: bool
    call_flow_id: UUID
    message_flow_id: UUID
    targets: NumberTargets
    name: str
    detail: str
    status: str
    suspended_for: str
    tags: list[str]
    protected: bool
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class PatternTrial(msgspec.Struct):
    """Whether the pattern takes it, and as which form of what was dialled."""

    dialled: str
    matches: bool
    matched: str
    reason: str


class PatternTrials(msgspec.Struct):
    result: list[PatternTrial]


_Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=255, examples=["16508.*", "^*77...33#$"])]
_Tags = Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=64)]], msgspec.Meta(max_length=50)]
_Dialled = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=128, examples=["16508251255"])]],
    msgspec.Meta(min_length=1, max_length=100),
]


class NewPattern(msgspec.Struct):
    """`anchored` patterns take the whole of what was dialled, others any part of it. A leading `*` or `+` is that key.
    A flow given by `call_flow_id` or `message_flow_id` goes before `targets`."""

    pattern: _Pattern
    anchored: bool = False
    call_flow_id: UUID | None = None
    message_flow_id: UUID | None = None
    targets: NumberTargets | None = None
    name: Name = ""
    detail: Detail = ""
    tags: _Tags = []


class PatternUpdate(msgspec.Struct):
    """What is left out stays as it is; the nil UUID takes a flow off, of `targets` too."""

    pattern: _Pattern | None = None
    anchored: bool | None = None
    call_flow_id: UUID | None = None
    message_flow_id: UUID | None = None
    targets: NumberTargets | None = None
    name: Name | None = None
    detail: Detail | None = None
    tags: _Tags | None = None
    protected: bool | None = None


class PatternQuestion(msgspec.Struct):
    """A pattern that need not exist, and what might be dialled."""

    pattern: _Pattern
    dialled: _Dialled
    anchored: bool = False


class DialledQuestion(msgspec.Struct):
    dialled: _Dialled


@get("/", responses=answers(Paged[NumberPattern]))
async def list_patterns(request: ApiRequest, page: Paging) -> Fields:
    """The account's patterns, newest first. Calls try the longest first, of equally long ones the oldest."""
    rows = await service.list_patterns(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, show_pattern, page)


@post("/", status_code=200, responses=posted(NumberPattern, 404))
async def add_pattern(request: ApiRequest, data: JSONBody[NewPattern]) -> Fields:
    """Take a pattern. It rings at the SIP domains of the organization, for what no exact number takes."""
    request.require_manager()
    targets = Targets() if data.targets is None else read_targets(data.targets)
    wanted = NumberOrder(
        number=data.pattern,
        targets=service.with_flows(targets, data.call_flow_id, data.message_flow_id),
        name=data.name,
        detail=data.detail,
        tags=tuple(data.tags),
        idempotency_key=request.idempotency_key,
    )
    with _naming_the_pattern():
        number = await create_pattern(request.database, request.account_id, wanted, request.now, anchored=data.anchored)
    return show_pattern(service.PatternNumber(number, data.anchored))


@post("/test", status_code=200, responses=posted(PatternTrials))
async def try_pattern(request: ApiRequest, data: JSONBody[PatternQuestion]) -> Fields:
    """Ask what a pattern would take. Nothing is kept."""
    return await _try(request, data.pattern, data.dialled, anchored=data.anchored)


@get("/{pattern_id:str}", responses=answers(NumberPattern, 404))
async def get_pattern(request: ApiRequest, pattern_id: FromPath[UUID]) -> Fields:
    """One pattern."""
    return show_pattern(await service.get_pattern(request.database, request.account_id, NumberId(pattern_id)))


@put("/{pattern_id:str}", responses=answers(NumberPattern, 404, 409))
async def update_pattern(request: ApiRequest, pattern_id: FromPath[UUID], data: JSONBody[PatternUpdate]) -> Fields:
    """Change a pattern. The next call follows it."""
    request.require_manager()
    change = service.PatternChange(
        text=data.pattern,
        anchored=data.anchored,
        targets=TargetsChange() if data.targets is None else read_change(data.targets),
        call_flow_id=data.call_flow_id,
        message_flow_id=data.message_flow_id,
        name=data.name,
        detail=data.detail,
        tags=None if data.tags is None else tuple(data.tags),
        protected=data.protected,
    )
    with _naming_the_pattern():
        changed = await service.update_pattern(
            request.database, request.account_id, NumberId(pattern_id), change, request.now
        )
    return show_pattern(changed)


@delete("/{pattern_id:str}", status_code=200, responses=answers(NumberPattern, 404, 409))
async def release_pattern(request: ApiRequest, pattern_id: FromPath[UUID]) -> Fields:
    """Give a pattern up. It can be taken back within 30 days at `/v1.0/numbers/{id}/restore`."""
    request.require_manager()
    pattern = await service.get_pattern(request.database, request.account_id, NumberId(pattern_id))
    released = await release_number(
        request.database, request.account_id, pattern.number.id, await request.billing_now()
    )
    return show_pattern(replace(pattern, number=released))


@post("/{pattern_id:str}/test", status_code=200, responses=posted(PatternTrials, 404))
async def try_own_pattern(request: ApiRequest, pattern_id: FromPath[UUID], data: JSONBody[DialledQuestion]) -> Fields:
    """Ask what one of the account's patterns takes. Which pattern wins is answered by `/v1.0/route_explain`."""
    pattern = await service.get_pattern(request.database, request.account_id, NumberId(pattern_id))
    return await _try(request, pattern.number.number, data.dialled, anchored=pattern.anchored)


async def _try(request: ApiRequest, pattern: str, dialled: list[str], *, anchored: bool) -> Fields:
    with _naming_the_pattern():
        trials = await service.try_pattern(request.database, request.account_id, pattern, dialled, anchored=anchored)
    return {"result": [show_trial(trial) for trial in trials]}


@contextmanager
def _naming_the_pattern() -> Iterator[None]:
    """Services call it `number`, as every number's text; here the field is `pattern`."""
    try:
        yield
    except (Invalid, AlreadyExists) as refusal:
        if refusal.field == "number":
            refusal.field = "pattern"
        raise


router = Router(
    "/number_patterns",
    route_handlers=[
        list_patterns,
        add_pattern,
        try_pattern,
        get_pattern,
        update_pattern,
        release_pattern,
        try_own_pattern,
    ],
    tags=["Number patterns"],
)
