"""Whether the process lives, whether it can serve, and its numbers for Prometheus."""

from ipaddress import ip_address

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from dialplane.faces.dependencies import Dependencies
from dialplane.services.settings import check_operator_key, read_clock


class Pong(msgspec.Struct):
    message: str = "pong"


class Health(msgspec.Struct):
    status: str


@get("/ping", tags=["Platform"], security=[{}], responses={200: ResponseSpec(Pong, generate_examples=False)})
async def ping() -> Pong:
    """Answers without credentials: somebody is here."""
    return Pong()


@get("/healthz", include_in_schema=False)
async def healthz() -> Health:
    """The process lives and its event loop turns."""
    return Health("alive")


@get("/readyz", include_in_schema=False)
async def readyz(state: State) -> Health:
    """The store answers. 503 with the error envelope where it does not."""
    dependencies: Dependencies = state.dependencies
    await read_clock(dependencies.database, now=dependencies.clock())
    return Health("serving")


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[object, object, State]) -> Response[bytes]:
    """For a scraper on this host, or one that holds the operator's key (SUP-7). What a proxy on this host brings is
    from elsewhere."""
    dependencies: Dependencies = request.app.state.dependencies
    if not _is_loopback(request) or any(name in request.headers for name in _FORWARDED):
        await check_operator_key(dependencies.database, _bearer(request))
    return Response(generate_latest(dependencies.registry), media_type=CONTENT_TYPE_LATEST)


def _is_loopback(request: Request[object, object, State]) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:  # a Unix socket has no address
        return False


def _bearer(request: Request[object, object, State]) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


_FORWARDED = ("x-forwarded-for", "forwarded")

router = Router("/", route_handlers=[ping, healthz, readyz, metrics])
