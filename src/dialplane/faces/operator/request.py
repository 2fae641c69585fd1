"""The operator's request: what the platform offers, and the check of the key before anything is read."""

from datetime import datetime

from litestar import Request
from litestar.datastructures import State
from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.domain.errors import NotAuthenticated
from dialplane.faces.dependencies import Dependencies
from dialplane.services.settings import check_operator_key, read_clock
from dialplane.services.transaction import Database


class OperatorRequest(Request[None, None, State]):
    """A request that holds the operator's key."""

    @property
    def ports(self) -> Dependencies:
        ports: Dependencies = self.app.state.dependencies
        return ports

    @property
    def database(self) -> Database:
        return self.ports.database

    @property
    def now(self) -> datetime:
        return self.ports.clock()

    async def billing_now(self) -> datetime:
        """The time of everything about numbers, which the sandbox moves."""
        return await read_clock(self.database, now=self.now)


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
        await self._app(scope, receive, send)
