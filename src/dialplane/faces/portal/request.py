"""The request as the portal's handlers see it: who it is, in which project, with which form."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import cast

from litestar.types import Scope

from dialplane.domain.errors import NotAuthenticated
from dialplane.domain.identity.people import Membership, Person
from dialplane.domain.identity.portal import Session
from dialplane.domain.ids import AccountId
from dialplane.faces.api_limits import address_of
from dialplane.faces.platform_request import PlatformRequest
from dialplane.faces.portal.forms import NOTHING, Fields
from dialplane.faces.portal_ports import PortalPorts
from dialplane.services.identity.sign_in import Browser, SignedIn
from dialplane.services.tenancy.projects import InProject

COOKIE = "__Host-dialplane"
"""Secure, and bound to this host and path. Chromium and Firefox keep it over plain http on the loopback too."""


@dataclass(slots=True)
class Visitor:
    """Whoever asks. `token` is the cookie's; `found` is there where it is a living session's."""

    token: str = field(repr=False)
    found: SignedIn | None = None
    project: InProject | None = None
    fields: Fields = NOTHING
    has_cookie: bool = True
    """False: the browser sent none, and gets one with the answer."""
    refusal: str = ""
    """Why what was asked for was not done, where the answer is a page like others."""

    @property
    def is_operator(self) -> bool:
        return self.found is not None and self.found.session.is_complete and self.found.person.is_operator


class PortalRequest(PlatformRequest[Visitor, None]):
    @property
    def portal(self) -> PortalPorts:
        return cast("PortalPorts", self.ports.portal)

    @property
    def fields(self) -> Fields:
        """What the form says; of a GET, the query."""
        return self.user.fields

    @property
    def signed_in(self) -> Session:
        """Raises NotAuthenticated."""
        return self._signed_in().session

    @property
    def person(self) -> Person:
        """Raises NotAuthenticated."""
        return self._signed_in().person

    @property
    def project(self) -> InProject:
        """Of the path. Only for handlers that name a deed."""
        assert self.user.project is not None
        return self.user.project

    @property
    def account_id(self) -> AccountId:
        return self.project.account.id

    @property
    def member(self) -> Membership:
        return self.project.membership

    @property
    def browser(self) -> Browser:
        return Browser(address_of(self.scope), self.headers.get("user-agent", ""))

    def at(self, path: str = "") -> str:
        """The address of a page of this project: `at("/numbers")`."""
        return f"/portal/projects/{self.account_id}{path}"

    def _signed_in(self) -> SignedIn:
        if self.user.found is None:
            raise NotAuthenticated("Sign in first", reason="AUTHENTICATION_REQUIRED")
        return self.user.found


def visitor_of(scope: Scope) -> Visitor | None:
    """Who asks, as far as the gate has found out: None where the request did not come that far."""
    found = scope.get("user")
    return found if isinstance(found, Visitor) else None


def is_near(scope: Scope) -> bool:
    """Whether the request comes from this host or its private network."""
    try:
        return ip_address(address_of(scope)).is_private
    except ValueError:  # a Unix socket has no address
        return False
