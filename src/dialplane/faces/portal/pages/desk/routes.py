"""Routes outwards: which trunk takes whose calls to which numbers, as VoIPBIN's providers and routes say it."""

from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.calling.routes import HIGHEST_PRIORITY, show_target
from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.ids import RouteId, TrunkId, find_uuid
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.desk.reading import DESK, account_in, whole_number
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.calling.routes import RouteChange, create_route, list_routes, remove_route
from dialplane.services.calling.trunks import list_trunks
from dialplane.services.tenancy.accounts import names_of

_MOST = 500
"""An operator's routes are tens; more are read by the API."""


@page("/operator/routes")
async def show_routes(request: PortalRequest) -> Response[str]:
    return await _show(request, Form({"target": "all", "priority": "10"}))


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    routes = await list_routes(request.database, None, before=None, limit=_MOST)
    return await show(
        request,
        "desk/routes.html",
        form=form,
        routes=sorted(routes, key=lambda route: (route.target, route.priority)),
        trunks={trunk.id: trunk for trunk in await list_trunks(request.database) if trunk.gateways},
        names=await names_of(request.database, {route.account_id for route in routes if route.account_id}),
        target_of=show_target,
    )


@action("/operator/routes")
async def take_route(request: PortalRequest) -> Response[str]:
    fields = request.fields
    try:
        trunk_id = find_uuid(fields.get("trunk_id"))
        if trunk_id is None:
            raise Invalid("Choose one of the list", field="trunk_id")
        change = RouteChange(
            target=fields.get("target"),
            priority=whole_number(fields.get("priority"), field="priority", most=HIGHEST_PRIORITY),
            name=fields.get("name"),
        )
        account_id = account_in(fields.get("account_id"), field="account_id")
        made = await create_route(request.database, account_id, TrunkId(trunk_id), change, request.now)
    except Refusal as refusal:
        return await _show(request, typed(fields).refuse(refusal))
    wish = {"trunk_id": str(made.trunk_id), "target": show_target(made.target), "priority": made.priority}
    line = operator_curl(request, "POST", "/routes", wish)
    return await done(request, f"{DESK}/routes", "The route is there; the next call follows it.", curl=line)


@action("/operator/routes/{route:uuid}/remove")
async def take_removal(request: PortalRequest, route: FromPath[UUID]) -> Response[str]:
    try:
        await remove_route(request.database, RouteId(route), request.now)
    except Refusal as refusal:
        return await done(request, f"{DESK}/routes", refusal.message, kind="bad")
    line = operator_curl(request, "DELETE", f"/routes/{route}")
    return await done(request, f"{DESK}/routes", "The route is removed; the next call does without it.", curl=line)


HANDLERS: list[HTTPRouteHandler] = [show_routes, take_route, take_removal]
