"""The whole portal as an application of its own, mounted in front of the other faces, and the layers of a request."""

from litestar import HttpMethod, Litestar, Response, route
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.faces.base import Base
from dialplane.faces.bodies import BodyLimits
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.portal import assets
from dialplane.faces.portal.errors import EXCEPTION_HANDLERS
from dialplane.faces.portal.gate import Gate
from dialplane.faces.portal.limits import SignInLimits
from dialplane.faces.portal.pages import (
    app_users,
    billing,
    call,
    calls,
    dashboard,
    desk,
    documents,
    flow_editor,
    flow_versions,
    flows,
    getting_in,
    keys,
    mails,
    messages,
    number_configuration,
    number_jobs,
    number_purchase,
    number_selection,
    number_settings,
    numbers,
    orders,
    passkeys,
    patterns,
    people,
    phone,
    port_outs,
    ports,
    pricing,
    profile,
    projects,
    recordings,
    rooms,
    second_step,
    usage,
    webhooks,
)
from dialplane.faces.portal.rendering import go
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.security import SecurityHeaders
from dialplane.faces.portal.trail import Trail
from dialplane.faces.rate_limits import RateLimiter

LARGEST_UPLOAD = 12 << 20
"""A document of ten MiB with the form around it."""

HANDLERS: list[HTTPRouteHandler] = [
    *getting_in.HANDLERS,
    *second_step.HANDLERS,
    *passkeys.HANDLERS,
    *profile.HANDLERS,
    *projects.HANDLERS,
    *dashboard.HANDLERS,
    *phone.HANDLERS,
    *app_users.HANDLERS,
    *keys.HANDLERS,
    *people.HANDLERS,
    *billing.HANDLERS,
    *pricing.HANDLERS,
    *number_purchase.HANDLERS,
    *number_settings.HANDLERS,
    *usage.HANDLERS,
    *orders.HANDLERS,
    *documents.HANDLERS,
    *patterns.HANDLERS,
    *ports.HANDLERS,
    *port_outs.HANDLERS,
    *number_selection.HANDLERS,
    *number_jobs.HANDLERS,
    *flows.HANDLERS,
    *flow_editor.HANDLERS,
    *flow_versions.HANDLERS,
    *numbers.HANDLERS,
    *number_configuration.HANDLERS,
    *desk.HANDLERS,
    *calls.HANDLERS,
    *call.HANDLERS,
    *recordings.HANDLERS,
    *messages.HANDLERS,
    *webhooks.HANDLERS,
    *rooms.HANDLERS,
]
"""Pages below `/portal`."""


@route("/", http_method=[HttpMethod.GET], include_in_schema=False)
async def go_in() -> Response[str]:
    """The server's own address leads to the portal."""
    return go("/portal")


class Front:
    """An ASGI layer: the portal's paths go to `face`, all others to `others`."""

    def __init__(self, face: ASGIApp, others: ASGIApp) -> None:
        self._face = face
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == ScopeType.HTTP and _is_ours(scope["path"])
        await (self._face if is_ours else self._others)(scope, receive, send)


def _is_ours(path: str) -> bool:
    return (path.startswith("/portal") and path[7:8] in ("", "/")) or path in ("/", "/dev/mail")


def mounted(ports: Dependencies, others: ASGIApp) -> ASGIApp:
    """The portal in front of `others`, where this process serves one."""
    if ports.portal is None:
        return others
    addresses = RateLimiter("address", ports.rate_limits.api_by_address)

    def bodies(app: ASGIApp) -> BodyLimits:
        return BodyLimits(app, largest=LARGEST_UPLOAD, takes_files=True)

    def gate(app: ASGIApp) -> Gate:
        return Gate(app, ports=ports, addresses=addresses)

    def trail(app: ASGIApp) -> Trail:
        return Trail(app, ports=ports)

    face = Litestar(
        route_handlers=[
            assets.router,
            go_in,
            Base("/", route_handlers=[mails.show_mails], middleware=[gate]),
            Base("/portal", route_handlers=HANDLERS, middleware=[bodies, gate, trail]),
        ],
        request_class=PortalRequest,
        exception_handlers=EXCEPTION_HANDLERS,
        state=State({"dependencies": ports, "limits": SignInLimits(ports)}),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=LARGEST_UPLOAD,
    )
    return Front(SecurityHeaders(face), others)
