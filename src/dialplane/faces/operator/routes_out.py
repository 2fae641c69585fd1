"""Routes outwards: which trunk takes whose calls to which numbers (VoIPBIN reference 6.6)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.calling.routes import HIGHEST_PRIORITY, Route, show_target
from dialplane.domain.ids import AccountId, RouteId, TrunkId
from dialplane.faces.operator.answers import posting, refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.services.calling import routes as service

_Priority = Annotated[int, msgspec.Meta(ge=0, le=HIGHEST_PRIORITY)]
_Target = Annotated[str, msgspec.Meta(min_length=1, max_length=16)]


class NewRoute(msgspec.Struct):
    trunk_id: UUID
    account_id: UUID | None = None
    """Whose calls; everybody's where left out."""
    target: _Target = "all"
    """What numbers begin with, such as 1 or +4420, or all."""
    priority: _Priority = 10
    """Lower first, among routes with equally long targets."""
    name: Annotated[str, msgspec.Meta(max_length=255)] = ""
    detail: Annotated[str, msgspec.Meta(max_length=4096)] = ""


class RouteChange(msgspec.Struct):
    """What is left out stays as it is."""

    trunk_id: UUID | None = None
    target: _Target | None = None
    priority: _Priority | None = None
    name: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    detail: Annotated[str, msgspec.Meta(max_length=4096)] | None = None


class ShownRoute(msgspec.Struct):
    id: UUID
    trunk_id: UUID
    account_id: UUID | None
    target: str
    priority: int
    name: str
    detail: str
    created_at: datetime
    updated_at: datetime | None


@post("/routes", responses=posting(404))
async def create_route(request: OperatorRequest, data: JSONBody[NewRoute]) -> ShownRoute:
    """Let a trunk take calls. Where any route leads to a number, no trunk without one takes calls there."""
    account_id = None if data.account_id is None else AccountId(data.account_id)
    change = service.RouteChange(None, data.target, data.priority, data.name, data.detail)
    return _show(await service.create_route(request.database, account_id, TrunkId(data.trunk_id), change, request.now))


@get("/routes", responses=refusals())
async def list_routes(
    request: OperatorRequest, page: Paging, account_id: FromQuery[UUID | None] = None
) -> dict[str, object]:
    """Newest first; all, or one account's."""
    whose = None if account_id is None else AccountId(account_id)
    rows = await service.list_routes(request.database, whose, before=page.before, limit=page.fetch)
    return show_page(rows, lambda route: msgspec.to_builtins(_show(route)), page)


@get("/routes/{route_id:uuid}", responses=refusals(404))
async def get_route(request: OperatorRequest, route_id: FromPath[UUID]) -> ShownRoute:
    """One route."""
    return _show(await service.get_route(request.database, RouteId(route_id)))


@patch("/routes/{route_id:uuid}", responses=refusals(404, 413))
async def change_route(request: OperatorRequest, route_id: FromPath[UUID], data: JSONBody[RouteChange]) -> ShownRoute:
    """The next call follows it."""
    trunk_id = None if data.trunk_id is None else TrunkId(data.trunk_id)
    change = service.RouteChange(trunk_id, data.target, data.priority, data.name, data.detail)
    return _show(await service.update_route(request.database, RouteId(route_id), change, request.now))


@delete("/routes/{route_id:uuid}", status_code=200, responses=refusals(404))
async def delete_route(request: OperatorRequest, route_id: FromPath[UUID]) -> ShownRoute:
    """The next call does without it."""
    return _show(await service.remove_route(request.database, RouteId(route_id), request.now))


def _show(route: Route) -> ShownRoute:
    return ShownRoute(
        route.id,
        route.trunk_id,
        route.account_id,
        show_target(route.target),
        route.priority,
        route.name,
        route.detail,
        route.created_at,
        route.updated_at,
    )


router = Router("/", route_handlers=[create_route, list_routes, get_route, change_route, delete_route], tags=["Trunks"])
