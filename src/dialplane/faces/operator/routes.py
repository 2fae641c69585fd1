"""Every route of the operator's face, and the layers that each request passes: the key, limits, repetition."""

from litestar import Router
from litestar.types import ASGIApp, HTTPScope, Scope

from dialplane.domain.ids import AccountId
from dialplane.faces.base import Base
from dialplane.faces.bodies import BodyLimits
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.idempotency import Idempotency, Manners
from dialplane.faces.imported_files import LARGEST_FILE
from dialplane.faces.operator import (
    accounts,
    caller_names,
    carrier_accounts,
    documentation,
    documents,
    imports,
    nodes,
    operators,
    outbound_limits,
    platform,
    port_outs,
    ports,
    rate_decks,
    rates,
    recordings,
    routes_out,
    sandbox,
    smpp_carriers,
    status,
    stock,
    traffic,
    trunks,
    trust,
)
from dialplane.faces.operator.problems import EXCEPTION_HANDLERS
from dialplane.faces.operator.request import OperatorOnly, OperatorRequest
from dialplane.faces.trail import OPERATORS_KEY, Actor, Trail
from dialplane.services.idempotency import OPERATOR

RESOURCES = [
    accounts.router,
    caller_names.router,
    carrier_accounts.router,
    documents.router,
    imports.router,
    nodes.router,
    outbound_limits.router,
    operators.router,
    platform.router,
    port_outs.router,
    ports.router,
    rate_decks.router,
    rates.router,
    recordings.router,
    sandbox.router,
    smpp_carriers.router,
    status.router,
    stock.router,
    routes_out.router,
    traffic.router,
    trunks.router,
    trust.router,
]


def _operator(_scope: Scope) -> AccountId:
    return OPERATOR


MANNERS = Manners(owner=_operator, fault_type=b"application/problem+json", query_counts=True)


def routers(ports: Dependencies) -> list[Router]:
    """`/operator/v1`, and its document, which needs no key."""

    def key(app: ASGIApp) -> OperatorOnly:
        return OperatorOnly(app, ports=ports)

    def bodies(app: ASGIApp) -> BodyLimits:
        return BodyLimits(app, largest=LARGEST_FILE)  # Litestar keeps the other routes to the usual size

    def idempotency(app: ASGIApp) -> Idempotency:
        return Idempotency(app, ports=ports, manners=MANNERS)

    def trail(app: ASGIApp) -> Trail:
        return Trail(app, ports=ports, find_actor=_find_actor)

    api = Base(
        "/operator/v1",
        route_handlers=RESOURCES,
        middleware=[key, bodies, idempotency, trail],
        request_class=OperatorRequest,
        exception_handlers=EXCEPTION_HANDLERS,
        include_in_schema=False,  # the tenants' document is not about this; see `documentation`
    )
    return [documentation.router(RESOURCES), api]


async def _find_actor(_: HTTPScope) -> Actor:
    """Nobody else comes in here."""
    return Actor(OPERATORS_KEY)
