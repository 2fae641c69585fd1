"""What every dialect's request knows of the platform; each adds who asks, and with which parameters."""

from datetime import datetime
from typing import Generic, TypeVar

from litestar import Request
from litestar.datastructures import State

from dialplane.faces.dependencies import Dependencies
from dialplane.services.settings import read_clock
from dialplane.services.transaction import Database

UserT = TypeVar("UserT")
AuthT = TypeVar("AuthT")


class PlatformRequest(Request[UserT, AuthT, State], Generic[UserT, AuthT]):
    """`user` is whoever the dialect's authentication let through."""

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

    @property
    def idempotency_key(self) -> str:
        """The key of the request, for services that find an earlier attempt by it; "" where there is none."""
        return self.headers.get("idempotency-key", "")

    async def billing_now(self) -> datetime:
        """The time of everything about numbers and renewals, which the sandbox moves."""
        return await read_clock(self.database, now=self.now)
