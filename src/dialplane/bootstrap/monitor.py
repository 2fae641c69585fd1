"""Where a process without an HTTP face of its own is looked at: `/metrics`, `/healthz`, `/readyz`; and how late its
event loop comes (AV-5), which every role measures.

On the loopback unless the operator says otherwise: what is told here is nobody else's business (SUP-7).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from dialplane import __version__
from dialplane.config.values import Endpoint
from dialplane.domain.operating.figures import LAG_BOUNDS_S, Spread

LOOK_S = 0.25
"""Between two looks at the loop: four a second find every stall of a quarter second and cost nothing."""
_HEAD_S = 10.0
"""How long a client may take for its request (API-11)."""


class LoopLag:
    """How late timers of this process's event loop ring. `watch` must be going in a task of the owner."""

    def __init__(self) -> None:
        self._lag = Spread(LAG_BOUNDS_S)

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self._lag.add(max(0.0, loop.time() - due))

    def collect(self) -> Iterable[Metric]:
        yield histogram(
            "dialplane_event_loop_lag_seconds", "How late timers of the process's event loop ring", self._lag
        )


def histogram(name: str, text: str, values: Spread) -> HistogramMetricFamily:
    buckets = [("+Inf" if bound == float("inf") else f"{bound:g}", count) for bound, count in values.cumulated()]
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=values.total)


def build_info(role: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "dialplane_build_info", "Always 1; which version runs as what", labels=["version", "role"]
    )
    family.add_metric([__version__, role], 1)
    return family


class Monitor:
    """The answers. `gather` asks for the role's figures at each scrape; `dependencies` says of each thing that the
    process cannot serve without `ok`, or what is wrong."""

    def __init__(
        self,
        role: str,
        gather: Callable[[], Awaitable[Iterable[Metric]]],
        dependencies: Callable[[], Mapping[str, str]],
    ) -> None:
        self._role = role
        self._gather = gather
        self._dependencies = dependencies
        self._process = ProcessCollector(registry=None)
        self.lag = LoopLag()

    async def metrics(self) -> bytes:
        """The text of a scrape."""
        found = [build_info(self._role), *self._process.collect(), *self.lag.collect(), *await self._gather()]
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Found(found))
        return generate_latest(registry)

    async def answer(self, _connection: ServerConnection, request: Request) -> Response:
        """Of a GET; there is nothing else to be had here, and no websocket either."""
        match request.path.partition("?")[0]:
            case "/metrics":
                return _response(HTTPStatus.OK, CONTENT_TYPE_LATEST, await self.metrics())
            case "/healthz":
                return _json(HTTPStatus.OK, {"status": "alive"})
            case "/readyz":
                found = dict(self._dependencies())
                is_ready = all(word == "ok" for word in found.values())
                status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
                return _json(status, {"status": "serving" if is_ready else "not serving", "dependencies": found})
        return _json(HTTPStatus.NOT_FOUND, {"error": "there are /metrics, /healthz and /readyz"})


class _Found:
    """What was gathered, as a registry wants it."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


@asynccontextmanager
async def monitored(monitor: Monitor, endpoint: Endpoint) -> AsyncIterator[str]:
    """Answers within the block; gives the address of the metrics. Raises OSError where it is taken."""

    async def nobody(_connection: ServerConnection) -> None:
        """`answer` has answered everybody already."""

    watching = asyncio.create_task(monitor.lag.watch(), name="loop-lag")
    try:
        async with serve(
            nobody,
            endpoint.host,
            endpoint.port,
            process_request=monitor.answer,
            open_timeout=_HEAD_S,
            server_header=None,
        ) as server:
            port = server.sockets[0].getsockname()[1]
            yield f"http://{Endpoint(endpoint.host, port)}/metrics"
    finally:
        watching.cancel()


def _json(status: HTTPStatus, content: object) -> Response:
    return _response(status, "application/json", json.dumps(content).encode())


def _response(status: HTTPStatus, media_type: str, body: bytes) -> Response:
    headers = Headers(
        {
            "Content-Type": media_type,
            "Content-Length": str(len(body)),
            "Connection": "close",
            "Cache-Control": "no-store",
        }
    )
    return Response(status.value, status.phrase, headers, body)
