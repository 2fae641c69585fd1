"""`/v1.0/numbers`: buying, reading, configuring, giving up and taking back (reference 2.2 to 2.6)."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import NIL, NumberId
from dialplane.domain.labels import LONGEST_KEY, MOST_TAGS, MetadataValue
from dialplane.domain.numbering.numbers import Number as OwnNumber
from dialplane.domain.numbering.numbers import parse_kind
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.faces.answers import Answers, answer
from dialplane.faces.voipbin.answers import Detail, Fields, JsonAnswer, Name, Paged, answers, posted
from dialplane.faces.voipbin.number_filters import Tag, Wanted
from dialplane.faces.voipbin.orders import Order
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.platform import require_platform
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.targets import NumberTargets, named_as_written, read_change
from dialplane.services.numbering import number_life, renewal
from dialplane.services.numbering import numbers as service
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.shapes.numbers import show_number
from dialplane.services.shapes.orders import show_order
from dialplane.services.shapes.targets import target_shape


class Number(msgspec.Struct):
    """A number that the account holds. `number_type` says more exactly what `type` is."""

    id: UUID
    customer_id: UUID
    number: str
    type: str
    number_type: str
    call_flow_id: UUID
    message_flow_id: UUID
    name: str
    detail: str
    status: str
    suspended_for: str
    country: str
    features: list[str]
    tags: list[str]
    protected: bool
    t38_enabled: bool
    emergency_enabled: bool
    metadata: dict[str, MetadataValue]
    monthly_micros: int
    tm_purchase: str | None
    tm_renew: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


_Tags = Annotated[list[Tag], msgspec.Meta(max_length=MOST_TAGS)]
_Key = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_KEY)]
Metadata = dict[_Key, MetadataValue | None]
"""Keys of the account's own; null takes one off. `rtp_debug` is a switch of the platform's."""


class NewNumber(msgspec.Struct):
    """`type` may be left out: `+899` numbers are virtual. Of type `sip`, `pattern` and `channel` it is no carrier's:
    a short code or name, a regular expression, or an address such as `mms:+12345678`, free, of the organization."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=255, examples=["+12025550101"])]
    type: str = ""
    call_flow_id: UUID | None = None
    message_flow_id: UUID | None = None
    name: Name = ""
    detail: Detail = ""
    tags: _Tags = []
    metadata: Metadata = {}


class NumberUpdate(msgspec.Struct):
    """What is left out stays as it is; the nil UUID takes a flow off, and null a key of the metadata."""

    call_flow_id: UUID | None = None
    message_flow_id: UUID | None = None
    name: Name | None = None
    detail: Detail | None = None
    tags: _Tags | None = None
    protected: bool | None = None
    metadata: Metadata | None = None


class FlowIds(msgspec.Struct):
    call_flow_id: UUID | None = None
    message_flow_id: UUID | None = None


class Renewal(msgspec.Struct):
    """Numbers that are due before this time."""

    tm_renew: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


@get("/", responses=answers(Paged[Number]))
async def list_numbers(request: ApiRequest, page: Paging, wanted: Wanted) -> Fields:
    """The account's numbers, newest first; those that fit every filter given."""
    rows = await service.list_numbers(
        request.database, request.account_id, wanted=wanted, before=page.before, limit=page.fetch
    )
    return show_page(rows, show_number, page)


@post("/", status_code=200, responses=posted(Number, 402, 404) | Answers({202: answer(Order)}))
async def create_number(request: ApiRequest, data: JSONBody[NewNumber]) -> Response[Fields]:
    """Buy a number. 202 with the order where the carrier answers late or documents are missing."""
    request.require_manager()
    wanted = NumberOrder(
        number=data.number,
        kind=None if data.type in ("", "normal") else parse_kind(data.type),
        targets=Targets(voice=_flow(data.call_flow_id), message=_flow(data.message_flow_id)),
        name=data.name,
        detail=data.detail,
        tags=tuple(data.tags),
        metadata=dict(data.metadata),
        by=request.actor,
        idempotency_key=request.idempotency_key,
    )
    bought = await buy_number(
        request.database, request.ports.carriers, request.account_id, wanted, await request.billing_now()
    )
    if isinstance(bought, OwnNumber):
        return Response(show_number(bought), status_code=200)
    return Response(show_order(bought), status_code=202)


@get("/{number_id:str}", responses=answers(Number, 404))
async def get_number(request: ApiRequest, number_id: FromPath[UUID]) -> JsonAnswer:
    """One number."""
    number = await service.get_number(request.database, request.account_id, NumberId(number_id))
    return JsonAnswer(msgspec.json.encode(show_number(number)))


@put("/{number_id:str}", responses=answers(Number, 404))
async def update_number(request: ApiRequest, number_id: FromPath[UUID], data: JSONBody[NumberUpdate]) -> Fields:
    """Change a number. The next call follows it."""
    change = service.NumberChange(
        name=data.name,
        detail=data.detail,
        call_flow_id=data.call_flow_id,
        message_flow_id=data.message_flow_id,
        tags=None if data.tags is None else tuple(data.tags),
        protected=data.protected,
        metadata=data.metadata,
    )
    return await _change(request, number_id, change)


@put("/{number_id:str}/flow_ids", responses=answers(Number, 404))
async def update_flow_ids(request: ApiRequest, number_id: FromPath[UUID], data: JSONBody[FlowIds]) -> Fields:
    """Change the flows of a number."""
    return await _change(request, number_id, service.NumberChange(None, None, data.call_flow_id, data.message_flow_id))


@put("/{number_id:str}/metadata", responses=answers(Number, 404))
async def update_metadata(request: ApiRequest, number_id: FromPath[UUID], data: JSONBody[Metadata]) -> Fields:
    """Change the metadata of a number: what is left out stays, null takes a key off."""
    return await _change(request, number_id, service.NumberChange(metadata=data))


async def _change(request: ApiRequest, number_id: UUID, change: service.NumberChange) -> Fields:
    request.require_manager()
    changed = await service.update_number(
        request.database,
        request.account_id,
        NumberId(number_id),
        change,
        await request.billing_now(),
        by=request.actor,
    )
    return show_number(changed)


@get("/{number_id:str}/targets", responses=answers(NumberTargets, 404))
async def get_targets(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """What the number runs when a call, a message or a transfer arrives."""
    return _show_targets(await service.get_number(request.database, request.account_id, NumberId(number_id)))


@put("/{number_id:str}/targets", responses=answers(NumberTargets, 404))
async def update_targets(request: ApiRequest, number_id: FromPath[UUID], data: JSONBody[NumberTargets]) -> Fields:
    """Write targets: what is left out stays, null is none."""
    request.require_manager()
    with named_as_written():
        changed = await service.set_targets(
            request.database,
            request.account_id,
            NumberId(number_id),
            read_change(data),
            await request.billing_now(),
            by=request.actor,
        )
    return _show_targets(changed)


@delete("/{number_id:str}", status_code=200, responses=answers(Number, 404, 409))
async def release_number(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """Give a number up. For 30 days nobody else gets it, and it can be taken back. 409 while it is `protected`."""
    request.require_manager()
    released = await number_life.release_number(
        request.database, request.account_id, NumberId(number_id), await request.billing_now(), by=request.actor
    )
    return show_number(released)


@post("/{number_id:str}/restore", status_code=200, responses=posted(Number, 404))
async def restore_number(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """Take a released number back as it was, at no charge."""
    request.require_manager()
    restored = await number_life.restore_number(
        request.database, request.account_id, NumberId(number_id), await request.billing_now(), by=request.actor
    )
    return show_number(restored)


@post("/renew", status_code=200, responses=posted(list[Number]), guards=[require_platform])
async def renew_numbers(request: ApiRequest, data: JSONBody[Renewal]) -> list[Fields]:
    """Renew every number that is due before a time. For the platform's operator only."""
    moment = _read_time(data.tm_renew)
    renewed = await renewal.renew_before(request.database, moment, await request.billing_now())
    return [show_number(number) for number in renewed]


def _flow(flow_id: UUID | None) -> FlowTarget | None:
    return None if flow_id in (None, NIL) else FlowTarget(flow_id)


def _show_targets(number: OwnNumber) -> Fields:
    targets = number.targets
    return {
        "voice": target_shape(targets.voice),
        "message": target_shape(targets.message),
        "refer": target_shape(targets.refer),
    }


def _read_time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise Invalid("tm_renew must be a time such as 2026-01-15T09:30:00Z", field="tm_renew") from fault


router = Router(
    "/numbers",
    route_handlers=[
        list_numbers,
        create_number,
        get_number,
        update_number,
        update_flow_ids,
        update_metadata,
        get_targets,
        update_targets,
        release_number,
        restore_number,
        renew_numbers,
    ],
    tags=["Numbers"],
)
