"""The operator's request: what the platform offers, and the check of the key."""

from datetime import datetime

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from dialplane.domain.errors import NotAuthenticated
from dialplane.faces.dependencies import Dependencies
from dialplane.services.settings import check_operator_key
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


async def require_operator(
    connection: ASGIConnection[BaseRouteHandler, None, None, State], _handler: BaseRouteHandler
) -> None:
    """A guard: `Authorization: Bearer <operator_key>` on every request. Tenants' tokens do not fit (API-9)."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme and scheme.lower() != "bearer":
        raise NotAuthenticated("The operator's key comes as Authorization: Bearer", reason="INVALID_CREDENTIALS")
    ports: Dependencies = connection.app.state.dependencies
    await check_operator_key(ports.database, key.strip())
