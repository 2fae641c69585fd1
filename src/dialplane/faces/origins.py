"""Pages of other origins may ask what visitors may (Fetch standard, CORS): an account's web page is none of ours.

Any origin, and no cookies: a page reads only what it brings the token for itself.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from dialplane.faces.observation import add_headers

VISITED = (
    "/auth/boot",
    "/v1.0/aicalls",
    "/v1.0/aimessages",
    "/v1.0/webchat_sessions",
    "/v1.0/webchat_messages",
)
_ANY = (b"access-control-allow-origin", b"*")
_ALLOW, _EXPOSED = b"allow", b"RateLimit, Retry-After, X-Request-Id"
_ASKED_AHEAD = b"access-control-request-method"
_REMEMBERED = [
    (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key"),
    (b"access-control-max-age", b"600"),
]


class Origins:
    """An ASGI layer around the faces, inside of the observation, whose headers reach refusals too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not _is_visited(scope["path"]):
            await self._app(scope, receive, send)
            return
        names = {name for name, _ in scope["headers"]}
        if b"origin" in names:
            add_headers(scope, [_ANY, (b"access-control-expose-headers", _EXPOSED)])
        is_preflight = scope["method"] == "OPTIONS" and _ASKED_AHEAD in names
        await self._app(scope, receive, _allowing(send) if is_preflight else send)


def _is_visited(path: str) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in VISITED)


def _allowing(send: Send) -> Send:
    """What OPTIONS answers of a path's methods, in the words that browsers ask for."""

    async def send_allowing(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            allowed = [(b"access-control-allow-methods", value) for name, value in headers if name == _ALLOW]
            message["headers"] = [*headers, *allowed, *_REMEMBERED]
        await send(message)

    return send_allowing
