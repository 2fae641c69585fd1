"""The operator's request: what the platform offers, and the check of the key before anything is read."""

from urllib.parse import parse_qsl

from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.domain.errors import Invalid, NotAuthenticated
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.platform_request import PlatformRequest
from dialplane.services.settings import check_operator_key


class OperatorRequest(PlatformRequest[None, None]):
    """A request that holds the operator's key."""


class OperatorOnly:
    """An ASGI layer: `Authorization: Bearer <operator_key>` on every request. Tenants' tokens do not fit (API-9)."""

    def __init__(self, app: ASGIApp, *, ports: Dependencies) -> None:
        self._app = app
        self._ports = ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme and scheme.lower() != "bearer":
            raise NotAuthenticated("The operator's key comes as Authorization: Bearer", reason="INVALID_CREDENTIALS")
        await check_operator_key(self._ports.database, key.strip())
        _refuse_nul(scope["query_string"])
        await self._app(scope, receive, send)


def _refuse_nul(query: bytes) -> None:
    """Postgres holds no NUL in a text, so that none is found by one either."""
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace"):
        if "\0" in name + value:
            field = name.replace("\0", "")
            raise Invalid(f"{field or 'query'} holds a NUL character", field=field)
