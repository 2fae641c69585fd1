"""Whether the process lives, whether it can serve, and its numbers for Prometheus."""

from ipaddress import ip_address

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from dialplane.domain.errors import Unavailable
from dialplane.domain.operating.status import SystemStatus
from dialplane.faces.answers import Answers, answer
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.platform_metrics import render
from dialplane.services.operating.watch import find_servers, read_status
from dialplane.services.settings import check_operator_key, read_clock

OK = "ok"


class Pong(msgspec.Struct):
    message: str = "pong"


class Health(msgspec.Struct):
    status: str


class Readiness(msgspec.Struct, omit_defaults=True):
    """`dependencies` is there for whoever may see the metrics: each thing by name, `ok` or what is wrong with it.

    Without the database nothing is served; without voice nodes or workers the API still is."""

    status: str
    dependencies: dict[str, str] = {}


@get("/ping", tags=["Platform"], security=[{}], responses=Answers({200: answer(Pong)}))
async def ping() -> Pong:
    """Answers without credentials: somebody is here."""
    return Pong()


@get("/healthz", include_in_schema=False)
async def healthz() -> Health:
    """The process lives and its event loop turns."""
    return Health("alive")


@get("/readyz", include_in_schema=False)
async def readyz(request: Request[object, object, State]) -> Response[Readiness]:
    """The store answers, else 503; to a look from this host with a word on each dependency (SUP-7)."""
    dependencies: Dependencies = request.app.state.dependencies
    if not _is_from_here(request):
        await read_clock(dependencies.database, now=dependencies.clock())
        return Response(Readiness("serving"))
    try:
        nodes, workers = await find_servers(dependencies.database)
    except Unavailable:
        away = Readiness("not serving", {"database": "does not answer"})
        return Response(away, status_code=503, headers={"Retry-After": "1"})
    now = dependencies.clock()
    takes_calls = any(node.is_alive(now) and not node.draining for node in nodes)
    found = {
        "database": OK,
        "voice": OK if takes_calls else "no node takes calls",
        "worker": OK if workers else "none is connected",
    }
    return Response(Readiness("serving", found))


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[object, object, State]) -> Response[bytes]:
    """For a scraper on this host, or one that holds the operator's key (SUP-7). What a proxy on this host brings is
    from elsewhere."""
    dependencies: Dependencies = request.app.state.dependencies
    if not _is_from_here(request):
        await check_operator_key(dependencies.database, _bearer(request))
    platform = render(await _find_status(dependencies), dependencies.clock())
    return Response(generate_latest(dependencies.registry) + platform, media_type=CONTENT_TYPE_LATEST)


async def _find_status(dependencies: Dependencies) -> SystemStatus | None:
    try:
        return await read_status(dependencies.database, dependencies.clock())
    except Unavailable:
        return None


def _is_from_here(request: Request[object, object, State]) -> bool:
    return _is_loopback(request) and not any(name in request.headers for name in _FORWARDED)


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
