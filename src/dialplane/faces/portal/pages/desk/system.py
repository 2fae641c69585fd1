"""The desk's first page: what the installation is doing."""

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.faces.portal.rendering import show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import DESK, page
from dialplane.services.operating.watch import find_alerts, read_status


@page(DESK)
async def show_system(request: PortalRequest) -> Response[str]:
    adds_up = request.fields.is_on("ledger")
    status = await read_status(request.database, request.now, adds_ledger_up=adds_up)
    return await show(
        request,
        "desk/system.html",
        system=status,
        alive=[node.name for node in status.nodes if node.is_alive(request.now)],
        alerts=await find_alerts(request.database, request.now),
    )


HANDLERS: list[HTTPRouteHandler] = [show_system]
