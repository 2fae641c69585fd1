"""Accounts and strangers whose traffic is not as usual, and what was refused to strangers."""

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from dialplane.faces.portal.pages.desk.reading import DESK
from dialplane.faces.portal.rendering import show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.services.calling.refused_calls import list_refused_calls
from dialplane.services.operating.watch import find_alerts


@page("/operator/unusual")
async def show_unusual(request: PortalRequest) -> Response[str]:
    cursor = request.fields.get("after")
    refused = await list_refused_calls(request.database, before=read_moment_cursor(cursor), limit=PAGE + 1)
    return await show(
        request,
        "desk/unusual.html",
        alerts=await find_alerts(request.database, request.now),
        table=page_of(
            refused, lambda call: call.created_at.isoformat(), path=f"{DESK}/unusual", filters={}, cursor=cursor
        ),
    )


HANDLERS: list[HTTPRouteHandler] = [show_unusual]
