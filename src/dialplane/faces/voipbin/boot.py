"""`POST /auth/boot`: a visitor with a direct hash gets a token for one conversation (reference 1.2, 1.4)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, post
from litestar.params import JSONBody
from litestar.types import ASGIApp

from dialplane.domain.calling.direct_calls import PREFIX
from dialplane.domain.identity.visitors import VisitedType
from dialplane.faces.bodies import BodyLimits
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.rate_limits import RateLimiter
from dialplane.faces.voipbin.answers import answers
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.sign_in import AuthLimit
from dialplane.services.identity import visits as service
from dialplane.services.shapes.common import show_time


class Arrival(msgspec.Struct):
    direct_hash: Annotated[str, msgspec.Meta(pattern=f"^{PREFIX.replace('.', '[.]')}[0-9a-f]{{12}}$")]


class Visit(msgspec.Struct):
    """The token lasts four hours, and reaches one conversation: the talk or session of the id `allowed_resource_id`,
    which the token itself begins."""

    token: str
    type: Literal["direct"]
    resource_type: VisitedType
    resource_id: UUID
    customer_id: UUID
    allowed_resource_id: UUID
    expire: str | None


@post("/", status_code=200, security=[{}], responses=answers(Visit))
async def boot(request: ApiRequest, data: JSONBody[Arrival]) -> Visit:
    """Come as a visitor of an assistant, of a team, or of a web chat's widget, with its direct hash."""
    ports = request.ports
    begun = await service.begin_visit(ports.database, ports.signer, data.direct_hash, request.now)
    visitor = begun.visitor
    return Visit(
        token=begun.token,
        type="direct",
        resource_type=visitor.resource_type,
        resource_id=visitor.resource_id,
        customer_id=begun.account_id,
        allowed_resource_id=visitor.conversation_id,
        expire=show_time(begun.ends_at),
    )


def boot_router(ports: Dependencies) -> Router:
    limiter = RateLimiter("address", ports.rate_limits.boots_by_address)

    def limit(app: ASGIApp) -> AuthLimit:
        return AuthLimit(app, limiter=limiter)

    return Router(
        "/auth/boot",
        route_handlers=[boot],
        middleware=[limit, BodyLimits],
        request_class=ApiRequest,
        tags=["Sign-in"],
    )
