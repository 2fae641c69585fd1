"""The request as this face's handlers see it: who asks, and what the platform offers."""

from uuid import UUID

from litestar import WebSocket
from litestar.datastructures import State

from dialplane.domain.errors import NotPermitted
from dialplane.domain.ids import NIL, AccountId
from dialplane.domain.numbering.history import Actor, actor_of
from dialplane.domain.tenancy.accounts import Principal
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.platform_request import PlatformRequest
from dialplane.faces.voipbin.credentials import credential_of


class ApiRequest(PlatformRequest[Principal, str]):
    """A request that the authentication layer let through."""

    @property
    def account_id(self) -> AccountId:
        return self.user.account_id

    @property
    def actor(self) -> Actor:
        """Who asks, for what keeps a history."""
        return actor_of(self.user)

    def require_manager(self) -> None:
        """Numbers, calls, messages and flows are for managers and admins (reference 1.10)."""
        if not self.user.is_manager:
            raise NotPermitted("This needs the permission of a manager or an admin")

    def require_writer(self) -> None:
        """Conversations are for managers and admins, and each for its own visitor."""
        if self.user.visitor is None:
            self.require_manager()

    def reachable(self, conversation_id: UUID) -> UUID:
        """The id as it is to be looked up: for a visitor every conversation but one is nobody's."""
        visitor = self.user.visitor
        return conversation_id if visitor is None or conversation_id == visitor.conversation_id else NIL

    def require_admin(self) -> None:
        """Billing, access keys and the customer itself are for admins (reference 1.10)."""
        if not self.user.is_admin:
            raise NotPermitted("This needs the permission of an admin")

    def forget_credentials(self) -> None:
        """After one was revoked here: none is trusted unseen."""
        self.app.state.verifier.forget_all()


class ApiSocket(WebSocket[Principal, str, State]):
    """A websocket whose handshake the authentication layer let through."""

    @property
    def ports(self) -> Dependencies:
        ports: Dependencies = self.app.state.dependencies
        return ports

    async def check_credential(self) -> None:
        """A connection outlives the second within which a revoked credential must stop (API-4).

        Raises NotAuthenticated, NotPermitted.
        """
        await self.app.state.verifier.verify(credential_of(self.scope))
