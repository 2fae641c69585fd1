"""`/v1.0/routes`: which provider takes whose calls (reference 6.6). They are the routes of `/operator/v1/routes`."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.calling.routes import HIGHEST_PRIORITY
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId, RouteId, TrunkId, unless_nil
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.platform import require_platform
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import routes as service
from dialplane.services.shapes.providers import EVERYBODY, route_shape

_Priority = Annotated[int, msgspec.Meta(ge=0, le=HIGHEST_PRIORITY)]
_Target = Annotated[str, msgspec.Meta(min_length=1, max_length=16, examples=["+1"])]


class Route(msgspec.Struct):
    """`customer_id` …0001: everybody's. `target` is what numbers begin with, or all; the longest one counts first."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    provider_id: UUID
    priority: int
    target: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewRoute(msgspec.Struct):
    """Lower priorities are tried first; where one fails, the next takes the call (reference 4.5)."""

    provider_id: UUID
    customer_id: UUID = EVERYBODY
    name: Name = ""
    detail: Detail = ""
    priority: _Priority = 10
    target: _Target = "all"


class RouteChange(msgspec.Struct):
    """What is left out stays as it is."""

    provider_id: UUID | None = None
    name: Name | None = None
    detail: Detail | None = None
    priority: _Priority | None = None
    target: _Target | None = None


@get("/", responses=answers(Paged[Route]))
async def list_routes(request: ApiRequest, page: Paging, customer_id: FromQuery[UUID | None] = None) -> Fields:
    """Newest first; all, or one customer's."""
    whose = None if customer_id == EVERYBODY else unless_nil(customer_id)
    rows = await service.list_routes(
        request.database,
        None if whose is None else AccountId(whose),
        before=page.before,
        limit=page.fetch,
        of_everybody=customer_id == EVERYBODY,
    )
    return show_page(rows, route_shape, page)


@post("/", status_code=200, responses=posted(Route, 404))
async def create_route(request: ApiRequest, data: JSONBody[NewRoute]) -> Fields:
    """Let a provider take calls. Where any route leads to a number, no provider without one takes calls there."""
    whose = None if data.customer_id == EVERYBODY else AccountId(data.customer_id)
    change = service.RouteChange(None, data.target, data.priority, data.name, data.detail)
    try:
        made = await service.create_route(request.database, whose, TrunkId(data.provider_id), change, request.now)
    except NotFound as refusal:
        raise _named_here(refusal) from refusal
    return route_shape(made)


@get("/{route_id:str}", responses=answers(Route, 404))
async def get_route(request: ApiRequest, route_id: FromPath[UUID]) -> Fields:
    """One of them."""
    return route_shape(await service.get_route(request.database, RouteId(route_id)))


@put("/{route_id:str}", responses=answers(Route, 404))
async def update_route(request: ApiRequest, route_id: FromPath[UUID], data: JSONBody[RouteChange]) -> Fields:
    """The next call follows it."""
    trunk_id = None if data.provider_id is None else TrunkId(data.provider_id)
    change = service.RouteChange(trunk_id, data.target, data.priority, data.name, data.detail)
    try:
        return route_shape(await service.update_route(request.database, RouteId(route_id), change, request.now))
    except NotFound as refusal:
        raise _named_here(refusal) from refusal


@delete("/{route_id:str}", status_code=200, responses=answers(Route, 404))
async def delete_route(request: ApiRequest, route_id: FromPath[UUID]) -> Fields:
    """The next call does without it."""
    return route_shape(await service.remove_route(request.database, RouteId(route_id), request.now))


def _named_here(refusal: NotFound) -> NotFound:
    """A trunk is a provider here, and an account a customer."""
    match refusal.field:
        case "trunk_id":
            return NotFound("There is no such provider", reason="PROVIDER_NOT_FOUND", field="provider_id")
        case "account_id":
            return NotFound(refusal.message, reason=refusal.reason, field="customer_id")
    return refusal


router = Router(
    "/routes",
    route_handlers=[list_routes, create_route, get_route, update_route, delete_route],
    guards=[require_platform],
    tags=["Platform"],
)
