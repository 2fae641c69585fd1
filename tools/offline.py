"""The HTTP application without anything behind it: for what can be read off its routes."""

from dataclasses import MISSING, fields
from typing import Any

from litestar import Litestar, Router
from prometheus_client import CollectorRegistry

from dialplane.faces import app as faces
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.faces.restcomm.routes import RESOURCES

HIDDEN = frozenset({"HEAD", "OPTIONS"})


def application() -> Litestar:
    """Good for looking at, and for nothing else: it has no store, no carriers, no keys."""
    nothing: Any = None
    required = [each.name for each in fields(Dependencies) if each.default is each.default_factory is MISSING]
    ports = dict.fromkeys(required, nothing)
    return faces.create_app(Dependencies(**ports, registry=CollectorRegistry()))


def restcomm() -> Litestar:
    """The routes that both the Restcomm and the Twilio dialect have, without their date."""
    return Litestar(
        route_handlers=[Router("/", route_handlers=RESOURCES)],
        request_class=RestcommRequest,
        openapi_config=None,
        logging_config=None,
    )


def routes(app: Litestar) -> set[tuple[str, str]]:
    """Method and path template of everything that it answers."""
    return {
        (method, route.path_format)
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method not in HIDDEN
    }
