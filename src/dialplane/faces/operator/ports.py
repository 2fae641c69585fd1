"""Orders of ported numbers, and the operator's hand on them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.ids import PortId
from dialplane.domain.numbering.port_exceptions import PortFault
from dialplane.domain.numbering.porting import LONGEST_REASON, PortStatus, parse_status
from dialplane.faces.moments import read_moment
from dialplane.faces.operator.answers import posting, refusals, shown
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.voipbin.ports import Port
from dialplane.services.numbering import carrier_ports, port_progress, porting
from dialplane.services.shapes.porting import show_port


class Advance(msgspec.Struct):
    """`foc_date` goes with `date_confirmed`, the requested date being taken without it; `reason` or `code` with
    `exception`: they tell the account what to correct."""

    to: Annotated[str, msgspec.Meta(max_length=40)]
    """in_process, exception, date_confirmed, ported, cancelled."""
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""
    foc_date: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    """A time with a zone, or a day: its beginning in UTC."""
    code: PortFault | None = None


class ShownPorts(msgspec.Struct):
    ports: list[Port]


@get("/ports", responses=refusals() | shown(ShownPorts, 200))
async def list_ports(
    request: OperatorRequest, status: FromQuery[PortStatus | None] = None, before: FromQuery[datetime | None] = None
) -> dict[str, object]:
    """The newest hundred that were made earlier than `before`; `?status=submitted` are those to pass on."""
    found = await porting.list_ports(request.database, None, status=status, before=before)
    return {"ports": [show_port(port) for port in found]}


@get("/ports/{port_id:uuid}", responses=refusals(404) | shown(Port, 200))
async def get_port(request: OperatorRequest, port_id: FromPath[UUID]) -> dict[str, object]:
    """One order."""
    return show_port(await porting.get_port(request.database, None, PortId(port_id)))


@post("/ports/{port_id:uuid}/advance", responses=posting(404) | shown(Port, 201))
async def advance_port(request: OperatorRequest, port_id: FromPath[UUID], data: JSONBody[Advance]) -> dict[str, object]:
    """Lead an order to its next status; 409 where it cannot go there. `ported` cuts over at once, before the day."""
    advanced = await port_progress.advance_port(
        request.database,
        PortId(port_id),
        parse_status(data.to, field="to"),
        await request.billing_now(),
        reason=data.reason,
        fault=data.code,
        foc_at=read_moment(data.foc_date, field="foc_date"),
    )
    return show_port(advanced)


class Assignment(msgspec.Struct):
    carrier: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Name of a carrier account."""


class ShownAssignment(msgspec.Struct):
    """Who carries the order out. `fault` says why the carrier did not take it, or did not answer."""

    port_id: UUID
    carrier: str
    handed_at: datetime | None
    fault: str


@post("/ports/{port_id:uuid}/carrier", responses=posting(404))
async def assign_port(request: OperatorRequest, port_id: FromPath[UUID], data: JSONBody[Assignment]) -> ShownAssignment:
    """Let a carrier carry the order out: it is handed in there, and led on by what the carrier says."""
    assigned = await carrier_ports.assign_port(
        request.database, request.ports.port_carriers, PortId(port_id), data.carrier, await request.billing_now()
    )
    return ShownAssignment(port_id, assigned.carrier, assigned.handed_at, assigned.fault)


router = Router("/", route_handlers=[list_ports, get_port, advance_port, assign_port], tags=["Ports"])
