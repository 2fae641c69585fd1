"""Orders of ported numbers and the operator's hand on them; requests of other carriers for numbers."""

from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Refusal
from dialplane.domain.ids import PortId
from dialplane.domain.numbering.port_exceptions import PortFault
from dialplane.domain.numbering.porting import MEANING, MOVES, PortStatus, parse_status
from dialplane.faces.moments import read_moment
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.desk.reading import DESK, one_of
from dialplane.faces.portal.rendering import done, show, words
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.services.numbering import port_outs, port_progress
from dialplane.services.numbering import porting as service
from dialplane.services.tenancy.accounts import names_of

_STATUSES = [(status.value, words(status.value)) for status in PortStatus if status is not PortStatus.DRAFT]
_FAULTS = [(fault.value, words(fault.value.lower())) for fault in PortFault]
_MOST_PORT_OUTS = 50
_STEPS = {
    PortStatus.IN_PROCESS: "Passed on to the carrier that has the numbers",
    PortStatus.EXCEPTION: "That carrier found something wrong",
    PortStatus.DATE_CONFIRMED: "The day is fixed",
    PortStatus.PORTED: "Cut over now",
    PortStatus.CANCEL_PENDING: "Calling off",
    PortStatus.CANCELLED: "It is called off",
}
"""What the button of each next step says."""


@page("/operator/ports")
async def show_ports(request: PortalRequest) -> Response[str]:
    status, cursor = request.fields.get("status"), request.fields.get("after")
    found = await service.list_ports(
        request.database, None, status=one_of(PortStatus, status), before=read_moment_cursor(cursor), limit=PAGE + 1
    )
    table = page_of(
        found, lambda port: port.created_at.isoformat(), path=f"{DESK}/ports", filters={"status": status}, cursor=cursor
    )
    leaving = await port_outs.list_port_outs(request.database, None, limit=_MOST_PORT_OUTS)
    return await show(
        request,
        "desk/ports.html",
        form=typed(request.fields),
        table=table,
        leaving=leaving,
        names=await names_of(
            request.database, {each.account_id for each in found} | {each.account_id for each in leaving}
        ),
        statuses=_STATUSES,
    )


@page("/operator/ports/{port:uuid}")
async def show_port(request: PortalRequest, port: FromPath[UUID]) -> Response[str]:
    return await _show(request, port, Form())


async def _show(request: PortalRequest, port_id: UUID, form: Form) -> Response[str]:
    port = await service.get_port(request.database, None, PortId(port_id))
    return await show(
        request,
        "desk/port.html",
        form=form,
        port=port,
        meaning=MEANING[port.status],
        names=await names_of(request.database, [port.account_id]),
        steps=[(to.value, _STEPS[to]) for to in MOVES[port.status]],
        faults=_FAULTS,
    )


@action("/operator/ports/{port:uuid}/advance")
async def take_step(request: PortalRequest, port: FromPath[UUID]) -> Response[str]:
    fields = request.fields
    try:
        advanced = await port_progress.advance_port(
            request.database,
            PortId(port),
            parse_status(fields.get("to"), field="to"),
            await request.billing_now(),
            reason=fields.get("reason"),
            fault=one_of(PortFault, fields.get("fault")),
            foc_at=read_moment(fields.get("foc_date"), field="foc_date"),
        )
    except Refusal as refusal:
        return await _show(request, port, typed(fields).refuse(refusal))
    said = f"The order is now: {words(advanced.status).lower()}. Its owner is told."
    line = operator_curl(request, "POST", f"/ports/{port}/advance", {"to": advanced.status})
    return await done(request, f"{DESK}/ports/{port}", said, curl=line)


@action("/operator/port-outs/{port_out:uuid}/cancel")
async def take_cancellation(request: PortalRequest, port_out: FromPath[UUID]) -> Response[str]:
    """The other carrier no longer asks."""
    try:
        asked = await port_outs.cancel_port_out(request.database, port_out, await request.billing_now())
    except Refusal as refusal:
        return await done(request, f"{DESK}/ports", refusal.message, kind="bad")
    line = operator_curl(request, "POST", f"/port_outs/{port_out}/cancel")
    return await done(request, f"{DESK}/ports", f"{asked.number} stays: the request is cancelled.", curl=line)


HANDLERS: list[HTTPRouteHandler] = [show_ports, show_port, take_step, take_cancellation]
