"""What HTTP promises of methods whatever the face: HEAD where there is GET, OPTIONS everywhere, Allow beside a refusal.

RFC 9110, 9.3.2, 9.3.7 and 10.2.1. OPTIONS needs no credentials: it says nothing that the documents do not say.
"""

from collections.abc import Iterable
from http import HTTPStatus

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

_NO_ONES = "NONE"
"""A method that no path takes: the refusal names those that the path does take."""
_ALLOW = b"allow"


class Methods:
    """An ASGI layer around all faces."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._app(scope, receive, _as_asked(scope, "GET", send))
        elif scope["method"] == "OPTIONS":
            await self._app(scope, receive, _named(_as_asked(scope, _NO_ONES, send)))
        else:
            await self._app(scope, receive, _complete(send))


def _as_asked(scope: HTTPScope, method: str, send: Send) -> Send:
    """The request is routed by another method; who sends the answer must know the one that was asked."""
    asked, scope["method"] = scope["method"], method  # type: ignore[typeddict-item]  # no method of HTTP is meant

    async def send_as_asked(message: Message) -> None:
        scope["method"] = asked
        await _complete(send)(message)

    return send_as_asked


def _complete(send: Send) -> Send:
    """Allow names HEAD beside GET, and OPTIONS, wherever a path's methods are named."""

    async def send_complete(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            if allowed := _allowed(headers):
                message["headers"] = [each for each in headers if each[0].lower() != _ALLOW] + [(_ALLOW, allowed)]
        await send(message)

    return send_complete


def _named(send: Send) -> Send:
    """The methods alone, instead of the refusal that named them; what is at no path stays not found."""
    is_named = False

    async def send_named(message: Message) -> None:
        nonlocal is_named
        if message["type"] == "http.response.start" and (allowed := _allowed(message["headers"])):
            is_named = True
            message = {**message, "status": HTTPStatus.NO_CONTENT.value, "headers": [(_ALLOW, allowed)]}
        elif is_named and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_named


def _allowed(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The value of Allow, whole and in order; empty where there is none."""
    named = {method.strip() for name, value in headers if name.lower() == _ALLOW for method in value.split(b",")}
    if not named:
        return b""
    return b", ".join(sorted(named | {b"OPTIONS"} | ({b"HEAD"} if b"GET" in named else set())))
