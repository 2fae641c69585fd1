"""Every route of the VoxCPaaS face, and the layers of each request: limits, parameters, project, repetition."""

from litestar import Router
from litestar.types import ASGIApp

from dialplane.faces.bodies import BodyLimits
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.idempotency import Idempotency, Manners
from dialplane.faces.vox.call_routing import remove_call_routing, set_call_routing
from dialplane.faces.vox.errors import HANDLERS, ROUTING_HANDLERS
from dialplane.faces.vox.fields import Parameters
from dialplane.faces.vox.numbers import list_new_numbers, purchase_number
from dialplane.faces.vox.request import AddressLimit, Limits, ProjectKeys, VoxRequest
from dialplane.faces.vox.usage import (
    show_credit_history,
    show_number_usage,
    show_spent_summary,
    show_usage_history,
)

MANNERS = Manners(owner=lambda scope: scope["user"].account_id, query_counts=True)
"""The query counts: it may hold what others have in the body."""


PATHS = frozenset(
    {
        "/listnewnumbers",
        "/purchasenumber",
        "/numberspentsummary",
        "/numberusagehistory",
        "/numberusage",
        "/credithistory",
        "/api/callrouting",
    }
)
"""All of this face: it has no base of its own."""


def routers(ports: Dependencies) -> list[Router]:
    """`/listnewnumbers`, which anybody may ask, `/purchasenumber`, usage and credit history, and `/api/callrouting`."""
    limits = Limits(ports)

    def address(app: ASGIApp) -> AddressLimit:
        return AddressLimit(app, limits=limits)

    def project(app: ASGIApp) -> ProjectKeys:
        return ProjectKeys(app, ports=ports, limits=limits)

    def idempotency(app: ASGIApp) -> Idempotency:
        return Idempotency(app, ports=ports, manners=MANNERS)

    return [
        Router(
            "/",
            route_handlers=[list_new_numbers],
            middleware=[address, BodyLimits, Parameters],
            request_class=VoxRequest,
            exception_handlers=HANDLERS,
            include_in_schema=False,  # the tenants' document is about the native API
        ),
        Router(
            "/",
            route_handlers=[purchase_number],
            middleware=[address, BodyLimits, Parameters, project, idempotency],
            request_class=VoxRequest,
            exception_handlers=HANDLERS,
            include_in_schema=False,
        ),
        Router(
            "/",
            route_handlers=[
                show_spent_summary,
                show_usage_history,
                show_number_usage,
                show_credit_history,
            ],
            middleware=[address, BodyLimits, Parameters, project],
            request_class=VoxRequest,
            exception_handlers=HANDLERS,
            include_in_schema=False,
        ),
        Router(
            "/api",
            route_handlers=[set_call_routing, remove_call_routing],
            middleware=[address, BodyLimits, Parameters, project, idempotency],
            request_class=VoxRequest,
            exception_handlers=ROUTING_HANDLERS,
            include_in_schema=False,
        ),
    ]
