"""An ASGI layer that makes a span of every request. Around everything else, and only where traces are wanted."""

from collections.abc import Callable, Sequence

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry.trace import Span, Status, StatusCode


class TracedRequests:
    def __init__(self, app: ASGIApp, begin: Callable[[str, Sequence[tuple[bytes, bytes]]], Span]) -> None:
        """`begin` makes the span of a method and header fields."""
        self._app = app
        self._begin = begin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        span = self._begin(method, list(scope["headers"]))

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.set_attribute("http.response.status_code", message["status"])
                if message["status"] >= 500:
                    span.set_status(Status(StatusCode.ERROR))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = str(scope.get("path_template") or "unrouted")  # never the path: a dialect's may hold what is secret
            span.update_name(f"{method} {route}")
            span.set_attributes({"http.request.method": method, "http.route": route})
            span.end()
