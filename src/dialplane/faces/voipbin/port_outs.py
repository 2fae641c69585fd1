"""`/v1.0/port_outs` and `/v1.0/port_out_pin`: other carriers' requests for the account's numbers, and its word."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from dialplane.domain.numbering.port_outs import LONGEST_REASON, PIN_FORM, PortOutStatus
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.numbering import port_outs as service
from dialplane.services.shapes.port_outs import show_port_out


class PortOut(msgspec.Struct):
    """One request. `status`: pending, authorized, rejected, ported, cancelled; `meaning` says it in plain words."""

    id: UUID
    customer_id: UUID
    number_id: UUID
    number: str
    carrier: str
    status: str
    meaning: str
    reason: str
    decide_by: str | None
    leave_date: str | None
    tm_create: str | None
    tm_update: str | None
    tm_end: str | None


class Rejection(msgspec.Struct):
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""


class Pin(msgspec.Struct):
    """4 to 15 letters and digits, which the other carrier has to know."""

    pin: Annotated[str, msgspec.Meta(pattern=PIN_FORM)]


class ShownPin(msgspec.Struct):
    """Whether there is one; itself is never shown."""

    has_pin: bool


@get("/port_outs", responses=answers(Paged[PortOut]))
async def list_port_outs(
    request: ApiRequest,
    page: Paging,
    status: Annotated[PortOutStatus | None, QueryParameter(description="Only requests of this status.")] = None,
) -> Fields:
    """Requests for the account's numbers, newest first."""
    rows = await service.list_port_outs(
        request.database, request.account_id, status=status, before=page.before, limit=page.fetch
    )
    return show_page(rows, show_port_out, page)


@get("/port_outs/{port_out_id:str}", responses=answers(PortOut, 404))
async def get_port_out(request: ApiRequest, port_out_id: FromPath[UUID]) -> Fields:
    """One request."""
    return show_port_out(await service.get_port_out(request.database, request.account_id, port_out_id))


@post("/port_outs/{port_out_id:str}/approve", status_code=200, responses=posted(PortOut, 404))
async def approve_port_out(request: ApiRequest, port_out_id: FromPath[UUID]) -> Fields:
    """Let the number go without waiting for the end of the window."""
    request.require_admin()
    return show_port_out(
        await service.approve_port_out(request.database, request.account_id, port_out_id, await request.billing_now())
    )


@post("/port_outs/{port_out_id:str}/reject", status_code=200, responses=posted(PortOut, 404))
async def reject_port_out(request: ApiRequest, port_out_id: FromPath[UUID], data: JSONBody[Rejection]) -> Fields:
    """Keep the number."""
    request.require_admin()
    rejected = await service.reject_port_out(
        request.database, request.account_id, port_out_id, data.reason, await request.billing_now()
    )
    return show_port_out(rejected)


@get("/port_out_pin", responses=answers(ShownPin))
async def get_port_out_pin(request: ApiRequest) -> ShownPin:
    """Whether the account has a PIN. Without one, every request is refused."""
    return ShownPin(await service.has_port_out_pin(request.database, request.account_id))


@put("/port_out_pin", responses=answers(ShownPin))
async def set_port_out_pin(request: ApiRequest, data: JSONBody[Pin]) -> ShownPin:
    """Set the PIN that other carriers need for the account's numbers."""
    request.require_admin()
    await service.set_port_out_pin(request.database, request.account_id, data.pin, request.now)
    return ShownPin(True)


router = Router(
    "/",
    route_handlers=[
        list_port_outs,
        get_port_out,
        approve_port_out,
        reject_port_out,
        get_port_out_pin,
        set_port_out_pin,
    ],
    tags=["Ports"],
)
