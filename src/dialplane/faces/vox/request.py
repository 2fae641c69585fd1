"""Who asks: a project by its id and token among the parameters; and the request as this face's handlers see it."""

from dataclasses import dataclass
from uuid import UUID

from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.domain.calling.routing import forms
from dialplane.domain.errors import NotAuthenticated
from dialplane.domain.ids import AccountId
from dialplane.faces.api_limits import address_of, refuse_flood
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.platform_request import PlatformRequest
from dialplane.faces.rate_limits import RateLimiter
from dialplane.faces.vox.fields import Fields, fields_of
from dialplane.services.identity.authentication import authenticate_project

PROJECT_PREFIX = "pid_"
"""The examples write a project's id with it and without."""


@dataclass(frozen=True, slots=True)
class Project:
    """An account in VoxCPaaS's words."""

    account_id: AccountId
    home_country: str


class Limits:
    """The buckets of this face: one for each address, one for each project."""

    def __init__(self, ports: Dependencies) -> None:
        self.addresses = RateLimiter("address", ports.rate_limits.api_by_address)
        self.projects = RateLimiter("project", ports.rate_limits.api_by_account)


class AddressLimit:
    """An ASGI layer: so many requests from one address, with credentials or without."""

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refuse_flood(scope, self._limits.addresses, address_of(scope), limited_by="ip")
        await self._app(scope, receive, send)


class ProjectKeys:
    """An ASGI layer inside of the parameters, that puts the Project into `scope["user"]`, or refuses."""

    def __init__(self, app: ASGIApp, *, ports: Dependencies, limits: Limits) -> None:
        self._app = app
        self._ports = ports
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = fields_of(scope)
        account = await authenticate_project(
            self._ports.database, _account_id(fields.get("projectid")), fields.get("authtoken")
        )
        refuse_flood(scope, self._limits.projects, account.id, limited_by="customer")
        scope["user"] = Project(account.id, account.home_country)
        await self._app(scope, receive, send)


def _account_id(project_id: str) -> AccountId:
    """The project is the account. Raises NotAuthenticated as for one that does not exist."""
    if not project_id:
        raise NotAuthenticated("projectid and authtoken are required", reason="AUTHENTICATION_REQUIRED")
    try:
        return AccountId(UUID(project_id.removeprefix(PROJECT_PREFIX)))
    except ValueError:
        raise NotAuthenticated("The credentials are not valid", reason="INVALID_CREDENTIALS") from None


class VoxRequest(PlatformRequest[Project, None]):
    """A request whose parameters were read; `user` is there where the route asks for a project."""

    @property
    def fields(self) -> Fields:
        return fields_of(self.scope)

    @property
    def account_id(self) -> AccountId:
        return self.user.account_id

    def spellings(self, name: str) -> tuple[str, ...]:
        """What the phone number of this parameter may stand for, likeliest first: with `+`, as dialled in the
        project's country, or international without its `+`. Raises Invalid where it was not given."""
        return forms(self.fields.phone(name), self.user.home_country)
