"""The request as this face's handlers see it: who asks, and what the platform offers."""

from datetime import datetime

from litestar import Request
from litestar.datastructures import State

from dialplane.domain.accounts import Principal
from dialplane.domain.errors import NotPermitted
from dialplane.domain.history import Actor, actor_of
from dialplane.domain.ids import AccountId
from dialplane.faces.dependencies import Dependencies
from dialplane.services.settings import read_clock
from dialplane.services.transaction import Database


class ApiRequest(Request[Principal, str, State]):
    """A request that the authentication layer let through."""

    @property
    def ports(self) -> Dependencies:
        ports: Dependencies = self.app.state.dependencies
        return ports

    @property
    def database(self) -> Database:
        return self.ports.database

    @property
    def account_id(self) -> AccountId:
        return self.user.account_id

    @property
    def actor(self) -> Actor:
        """Who asks, for what keeps a history."""
        return actor_of(self.user)

    @property
    def now(self) -> datetime:
        return self.ports.clock()

    @property
    def idempotency_key(self) -> str:
        """The key of the request, for services that find an earlier attempt by it; "" where there is none."""
        return self.headers.get("idempotency-key", "")

    async def billing_now(self) -> datetime:
        """The time of renewals, quarantine and reservations, which the sandbox moves."""
        return await read_clock(self.database, now=self.now)

    def require_manager(self) -> None:
        """Numbers, calls, messages and flows are for managers and admins (reference 1.10)."""
        if not self.user.is_manager:
            raise NotPermitted("This needs the permission of a manager or an admin")

    def require_admin(self) -> None:
        """Billing, access keys and the customer itself are for admins (reference 1.10)."""
        if not self.user.is_admin:
            raise NotPermitted("This needs the permission of an admin")

    def forget_credentials(self) -> None:
        """After one was revoked here: none is trusted unseen."""
        self.app.state.verifier.forget_all()
