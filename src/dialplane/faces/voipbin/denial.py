"""How a websocket is refused before it is opened: by the answer that a request would get (ASGI's denial response).

Without it every refusal is an empty 403.
"""

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.domain.errors import Refusal
from dialplane.faces.observation import headers_of
from dialplane.faces.voipbin.errors import HTTP_STATUS, refuse


class Denial:
    """An ASGI layer around the layers that may refuse a handshake. Requests pass."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.WEBSOCKET:
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except Refusal as refusal:
            await deny(scope, send, refusal)


async def deny(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Refuse a handshake. A handler does it itself, as Litestar answers for what it raises."""
    refused = refuse(scope, refusal)
    body = msgspec.json.encode(refused.content)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in refused.headers.items()]
    headers += headers_of(scope)
    status = refused.status_code or HTTP_STATUS["INTERNAL"]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})
