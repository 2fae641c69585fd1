"""`/v1.0/ports`: numbers that come from other carriers, from the first question to the day on which they work here."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from dialplane.domain.ids import NIL, DocumentId, PortId
from dialplane.domain.numbering.porting import MOST_DOCUMENTS, MOST_NUMBERS, PortStatus
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.faces.moments import read_moment
from dialplane.faces.voipbin.answers import Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.targets import MessageBody, NumberTargets, ReferBody, VoiceBody, read_targets
from dialplane.services.numbering import porting as service
from dialplane.services.numbering.porting import PortDraft, WantedNumber
from dialplane.services.shapes.porting import show_port, show_portability

_Tel = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Day = Annotated[str, msgspec.Meta(max_length=40)]
_Fact = Annotated[str, msgspec.Meta(max_length=255)]
_Most = msgspec.Meta(max_length=MOST_NUMBERS)


class Question(msgspec.Struct):
    """Which numbers to look at, in E.164."""

    numbers: Annotated[list[_Tel], _Most]


class Portability(msgspec.Struct):
    """What is known of a number. `reason` and `message` say why it cannot be ported."""

    number: str
    portable: bool
    country: str
    number_type: str
    reason: str
    message: str


class Answers(msgspec.Struct):
    """One for each number, in their order."""

    result: list[Portability]


class PortedNumber(msgspec.Struct):
    """A number, and what it shall do from the cut-over on: a flow, or a target as `/numbers/{id}/targets` has it."""

    number: _Tel
    name: Name = ""
    call_flow_id: UUID | None = None
    message_flow_id: UUID | None = None
    voice: VoiceBody | None = None
    message: MessageBody | None = None
    refer: ReferBody | None = None


class HolderChange(msgspec.Struct, omit_defaults=True):
    """The holder as the losing carrier's books say it. What is left out stays as it is; `pin` is never shown."""

    name: _Fact | None = None
    authorized_person: _Fact | None = None
    carrier: _Fact | None = None
    account_number: _Fact | None = None
    pin: _Fact | None = None
    billing_number: _Fact | None = None
    street: _Fact | None = None
    locality: _Fact | None = None
    region: _Fact | None = None
    postal_code: _Fact | None = None
    country: _Fact | None = None


_Numbers = Annotated[list[_Tel | PortedNumber], _Most]
_Documents = Annotated[list[UUID], msgspec.Meta(max_length=MOST_DOCUMENTS)]


class NewPort(msgspec.Struct):
    """`document_ids` are the account's documents; a submission needs one of the kind letter_of_authorization."""

    numbers: _Numbers
    holder: HolderChange = msgspec.field(default_factory=HolderChange)
    document_ids: _Documents = []
    requested_date: _Day | None = None
    name: Name = ""


class PortChange(msgspec.Struct):
    """What is left out stays as it is; a list that is given replaces the one that was there."""

    numbers: _Numbers | None = None
    holder: HolderChange = msgspec.field(default_factory=HolderChange)
    document_ids: _Documents | None = None
    requested_date: _Day | None = None
    name: Name | None = None


class TargetsChange(msgspec.Struct):
    """Numbers of the port and what they shall do; the others stay as they are."""

    numbers: Annotated[list[PortedNumber], _Most]


class ShownNumber(msgspec.Struct):
    number: str
    number_id: UUID
    """From the cut-over on."""
    number_type: str
    country: str
    name: str
    voice: dict[str, object] | None
    message: dict[str, object] | None
    refer: dict[str, object] | None
    monthly_micros: int


class ShownHolder(msgspec.Struct):
    name: str
    authorized_person: str
    carrier: str
    account_number: str
    has_pin: bool
    billing_number: str
    street: str
    locality: str
    region: str
    postal_code: str
    country: str


class PortDocument(msgspec.Struct):
    document_id: UUID
    kind: str
    status: str
    reason: str


class PortException(msgspec.Struct):
    """What is wrong: the carriers' word, a sentence, and the fields to correct."""

    code: str
    reason: str
    correct: list[str]


class PortStep(msgspec.Struct):
    status: str
    reason: str
    tm_create: str | None


class Port(msgspec.Struct):
    """One order. `status`: draft, submitted, in_process, exception, date_confirmed, ported, cancel_pending, cancelled;
    `meaning` says it in plain words."""

    id: UUID
    customer_id: UUID
    name: str
    status: str
    meaning: str
    numbers: list[ShownNumber]
    holder: ShownHolder
    documents: list[PortDocument]
    exception: PortException | None
    steps: list[PortStep]
    requested_date: str | None
    foc_date: str | None
    tm_create: str | None
    tm_update: str | None
    tm_submit: str | None
    tm_end: str | None


@post("/check", status_code=200, responses=posted(Answers))
async def check_portability(request: ApiRequest, data: JSONBody[Question]) -> Fields:
    """Whether numbers can be ported, and why not."""
    known = await service.check_portability(request.database, data.numbers)
    return {"result": [show_portability(each) for each in known]}


@post("/", status_code=200, responses=posted(Port, 404))
async def create_port(request: ApiRequest, data: JSONBody[NewPort]) -> Fields:
    """Begin an order as a draft."""
    request.require_manager()
    draft = PortDraft(
        numbers=_read_numbers(data.numbers),
        holder=_read_holder(data.holder),
        document_ids=tuple(DocumentId(each) for each in data.document_ids),
        requested_at=read_moment(data.requested_date, field="requested_date"),
        name=data.name,
    )
    made = await service.create_port(request.database, request.account_id, draft, await request.billing_now())
    return show_port(made)


@get("/", responses=answers(Paged[Port]))
async def list_ports(
    request: ApiRequest,
    page: Paging,
    status: Annotated[PortStatus | None, QueryParameter(description="Only orders of this status.")] = None,
) -> Fields:
    """The account's orders, newest first."""
    rows = await service.list_ports(
        request.database, request.account_id, status=status, before=page.before, limit=page.fetch
    )
    return show_page(rows, show_port, page)


@get("/{port_id:str}", responses=answers(Port, 404))
async def get_port(request: ApiRequest, port_id: FromPath[UUID]) -> Fields:
    """One order, with every step that it took."""
    return show_port(await service.get_port(request.database, request.account_id, PortId(port_id)))


@put("/{port_id:str}", responses=answers(Port, 404, 409))
async def update_port(request: ApiRequest, port_id: FromPath[UUID], data: JSONBody[PortChange]) -> Fields:
    """Change a draft, or correct what an exception names."""
    request.require_manager()
    draft = PortDraft(
        numbers=None if data.numbers is None else _read_numbers(data.numbers),
        holder=_read_holder(data.holder),
        document_ids=None if data.document_ids is None else tuple(DocumentId(each) for each in data.document_ids),
        requested_at=read_moment(data.requested_date, field="requested_date"),
        name=data.name,
    )
    changed = await service.update_port(
        request.database, request.account_id, PortId(port_id), draft, await request.billing_now()
    )
    return show_port(changed)


@put("/{port_id:str}/targets", responses=answers(Port, 404, 409))
async def set_targets(request: ApiRequest, port_id: FromPath[UUID], data: JSONBody[TargetsChange]) -> Fields:
    """Say what numbers shall do from the cut-over on, at any time before it."""
    request.require_manager()
    changed = await service.set_port_targets(
        request.database, request.account_id, PortId(port_id), _read_numbers(data.numbers), await request.billing_now()
    )
    return show_port(changed)


@post("/{port_id:str}/submit", status_code=200, responses=posted(Port, 404))
async def submit_port(request: ApiRequest, port_id: FromPath[UUID]) -> Fields:
    """Hand the order in; again after a correction."""
    request.require_manager()
    submitted = await service.submit_port(
        request.database, request.account_id, PortId(port_id), await request.billing_now()
    )
    return show_port(submitted)


@post("/{port_id:str}/cancel", status_code=200, responses=posted(Port, 404))
async def cancel_port(request: ApiRequest, port_id: FromPath[UUID]) -> Fields:
    """Call the order off. A draft is gone at once; else the losing carrier has to agree."""
    return await _cancel(request, port_id)


@delete("/{port_id:str}", status_code=200, responses=answers(Port, 404, 409))
async def delete_port(request: ApiRequest, port_id: FromPath[UUID]) -> Fields:
    """The same as to call the order off; it stays to be read."""
    return await _cancel(request, port_id)


async def _cancel(request: ApiRequest, port_id: UUID) -> Fields:
    request.require_manager()
    return show_port(
        await service.cancel_port(request.database, request.account_id, PortId(port_id), await request.billing_now())
    )


def _read_holder(body: HolderChange) -> dict[str, str]:
    """The fields that were given."""
    return {name: text for name, text in msgspec.structs.asdict(body).items() if text is not None}


def _read_numbers(bodies: list[str | PortedNumber] | list[PortedNumber]) -> tuple[WantedNumber, ...]:
    return tuple(
        WantedNumber(each) if isinstance(each, str) else WantedNumber(each.number, _read_targets(each), each.name)
        for each in bodies
    )


def _read_targets(body: PortedNumber) -> Targets:
    """A target in full wins over a flow's id beside it."""
    full = read_targets(NumberTargets(body.voice, body.message, body.refer))
    return Targets(
        voice=full.voice or _flow(body.call_flow_id),
        message=full.message or _flow(body.message_flow_id),
        refer=full.refer,
    )


def _flow(flow_id: UUID | None) -> FlowTarget | None:
    return None if flow_id in (None, NIL) else FlowTarget(flow_id)


router = Router(
    "/ports",
    route_handlers=[
        check_portability,
        create_port,
        list_ports,
        get_port,
        update_port,
        set_targets,
        submit_port,
        cancel_port,
        delete_port,
    ],
    tags=["Ports"],
)
