"""Carriers' webhooks. A request that is not genuine is refused with the reason as text, which a carrier's console shows
to whoever looks for the fault there."""

from uuid import UUID

from litestar import Request, Response, Router, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.types import ASGIApp, ExceptionHandlersMap

from dialplane.domain.errors import Invalid, NotFound, NotPermitted, Refusal, Unavailable
from dialplane.faces.bodies import BodyLimits
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.platform_request import PlatformRequest
from dialplane.services.supply.carrier_news import WebhookRequest, take_webhook

LARGEST_BODY = 256 << 10
"""Of a webhook: media come by address."""

_STATUS: dict[type[Refusal], int] = {Invalid: 400, NotPermitted: 403, NotFound: 404, Unavailable: 503, Refusal: 422}
_NOTHING = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Twilio reads an answer as what to do; this is nothing. Others look at the status only."""


AnyRequest = Request[object, object, State]


class WebhookArrival(PlatformRequest[None, None]):
    """A request from somebody who says to be a carrier."""


@post(["/{account_id:uuid}/messages", "/{account_id:uuid}/status", "/{account_id:uuid}/orders"], status_code=200)
async def take(request: WebhookArrival, account_id: FromPath[UUID]) -> Response[bytes]:
    """An inbound message, what became of a sent one, or an order that went on."""
    path = request.url.path.rstrip("/").rpartition("/")
    arrived = WebhookRequest(
        path=f"/{path[2]}",
        query=request.scope["query_string"].decode("latin-1"),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
    )
    await take_webhook(request.database, request.ports.inboxes, account_id, arrived, request.now)
    return Response(_NOTHING, status_code=200, media_type="text/xml")


def show_refusal(request: AnyRequest, refusal: Refusal) -> Response[str]:
    status = next(_STATUS[kind] for kind in type(refusal).__mro__ if kind in _STATUS)
    return Response(refusal.message, status_code=status, media_type="text/plain")


EXCEPTION_HANDLERS: ExceptionHandlersMap = {Refusal: show_refusal}


def routers(ports: Dependencies) -> list[Router]:
    def bodies(app: ASGIApp) -> BodyLimits:
        return BodyLimits(app, largest=LARGEST_BODY)

    return [
        Router(
            "/carriers/v1",
            route_handlers=[take],
            middleware=[bodies],
            request_class=WebhookArrival,
            exception_handlers=EXCEPTION_HANDLERS,
            include_in_schema=False,
        )
    ]
