"""Around every request, routed or not: its id, its line in the log, its place in the metrics.

The log and the metrics know the path and never the query string, because a dialect carries its credentials there
(API-5); the metrics know the route's template only, so that their number is bounded.
"""

import os
import re
import time

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram

log = structlog.get_logger()

REQUEST_ID = "dialplane.request_id"
EXTRA_HEADERS = "dialplane.headers"
"""Header fields that layers further in want on the answer, whatever it becomes."""

_GOOD_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


def request_id_of(scope: Scope) -> str:
    """The id under which this request is logged."""
    return str(scope.get(REQUEST_ID, ""))


def add_headers(scope: Scope, headers: list[tuple[bytes, bytes]]) -> None:
    """Put header fields on the answer to come, an error's too."""
    scope[EXTRA_HEADERS].extend(headers)  # type: ignore[literal-required]  # our own key


def headers_of(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The header fields so far, for answers that do not pass here."""
    headers: list[tuple[bytes, bytes]] = scope[EXTRA_HEADERS]  # type: ignore[literal-required]  # our own key
    return headers


class Observation:
    """An ASGI layer outside of Litestar's routing, whose own middleware sees only requests that match a route."""

    def __init__(self, app: ASGIApp, *, access_log: bool, registry: CollectorRegistry) -> None:
        self._app = app
        self._access_log = access_log
        self._requests = Counter(
            "dialplane_http_requests_total", "Requests answered", ["method", "route", "status"], registry=registry
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._seconds = Histogram(
            "dialplane_http_request_seconds",
            "Time to the whole answer",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in (ScopeType.HTTP, ScopeType.WEBSOCKET):
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        headers = [(b"x-request-id", request_id.encode())]
        scope[REQUEST_ID] = request_id  # type: ignore[literal-required]  # our own key
        scope[EXTRA_HEADERS] = headers  # type: ignore[literal-required]  # our own key
        if scope["type"] == ScopeType.WEBSOCKET:
            await self._app(scope, receive, send)
            return
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        # Litestar replaces scope["path"] by the normalised one; the log shows what was asked for.
        path, started = scope["path"], time.perf_counter()
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._note(scope, path, status, time.perf_counter() - started)

    def _note(self, scope: HTTPScope, path: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        key = (method, scope.get("path_template") or "unrouted", status)
        counter = self._counters.get(key)
        if counter is None:  # looking a counter up by its labels takes a lock and costs ten times as much
            counter = self._counters[key] = self._requests.labels(*key)
        counter.inc()
        self._seconds.observe(seconds)
        if self._access_log:
            log.info(
                "http_request",
                request_id=request_id_of(scope),
                method=method,
                path=path,
                status=status,
                ms=round(seconds * 1000, 2),
            )


def _request_id(scope: Scope) -> str:
    """The client's own id where it is harmless, else a fresh one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _GOOD_REQUEST_ID.fullmatch(value):
            return value.decode()
    return os.urandom(16).hex()
