"""Other carriers' requests for numbers, as the operator hands them in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.numbering.port_outs import LONGEST_CARRIER, PortOutStatus
from dialplane.faces.moments import read_moment
from dialplane.faces.operator.answers import posting, refusals, shown
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.voipbin.port_outs import PortOut
from dialplane.services.numbering import port_outs as service
from dialplane.services.shapes.port_outs import show_port_out


class PortOutRequest(msgspec.Struct):
    """`pin` is the word of the number's owner; `port_date` a day, or a time with a zone."""

    number: Annotated[str, msgspec.Meta(max_length=64)]
    pin: Annotated[str, msgspec.Meta(max_length=64)]
    carrier: Annotated[str, msgspec.Meta(max_length=LONGEST_CARRIER)]
    port_date: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class ShownPortOuts(msgspec.Struct):
    port_outs: list[PortOut]


@post("/port_outs", responses=posting(403, 404) | shown(PortOut, 201))
async def request_port_out(request: OperatorRequest, data: JSONBody[PortOutRequest]) -> dict[str, object]:
    """Ask for a number in another carrier's name. Its owner is told, of a wrong PIN too, and has 48 hours to say no."""
    asked = await service.request_port_out(
        request.database,
        data.number,
        data.pin,
        data.carrier,
        await request.billing_now(),
        leaves_at=read_moment(data.port_date, field="port_date"),
    )
    return show_port_out(asked)


@get("/port_outs", responses=refusals() | shown(ShownPortOuts, 200))
async def list_port_outs(
    request: OperatorRequest,
    status: FromQuery[PortOutStatus | None] = None,
    before: FromQuery[datetime | None] = None,
) -> dict[str, object]:
    """The newest hundred that were made earlier than `before`."""
    found = await service.list_port_outs(request.database, None, status=status, before=before)
    return {"port_outs": [show_port_out(asked) for asked in found]}


@post("/port_outs/{port_out_id:uuid}/cancel", responses=posting(404) | shown(PortOut, 201))
async def cancel_port_out(request: OperatorRequest, port_out_id: FromPath[UUID]) -> dict[str, object]:
    """The other carrier no longer asks."""
    return show_port_out(await service.cancel_port_out(request.database, port_out_id, await request.billing_now()))


router = Router("/", route_handlers=[request_port_out, list_port_outs, cancel_port_out], tags=["Ports"])
