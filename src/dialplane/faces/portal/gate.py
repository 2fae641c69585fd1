"""What each request passes before its handler: limits, session (WEB-4), the form's token (WEB-5), project and role."""

from typing import cast
from urllib.parse import quote
from uuid import UUID

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from dialplane.domain.errors import Invalid, NotPermitted
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import AccountId
from dialplane.faces.api_limits import address_of, refuse_flood
from dialplane.faces.bodies import body_of, content_type, is_form
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.observation import add_headers
from dialplane.faces.portal.forms import LONGEST_IN_PARTS, Fields, fields_of, read_fields
from dialplane.faces.portal.request import COOKIE, Visitor
from dialplane.faces.portal.routing import ACCESS, DEED, Access
from dialplane.faces.portal.tokens import is_csrf_token, new_visitor
from dialplane.faces.portal_ports import PortalPorts
from dialplane.faces.rate_limits import RateLimiter
from dialplane.services.identity.sign_in import find_session
from dialplane.services.tenancy.projects import find_member

CSRF = "csrf"
_LONGEST_COOKIE = 128


class MustSignIn(Exception):
    """Nobody is signed in; `where` is the address to go to."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


class Gate:
    """An ASGI layer that puts the Visitor into `scope["user"]`."""

    def __init__(self, app: ASGIApp, *, ports: Dependencies, addresses: RateLimiter) -> None:
        self._app = app
        self._ports = ports
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        refuse_flood(scope, self._addresses, address_of(scope), limited_by="ip")
        visitor = await self._recognise(scope)
        scope["user"] = visitor
        options = scope["route_handler"].opt
        if scope["method"] not in ("GET", "HEAD"):
            visitor.fields = await _read_form(scope, receive)
            self._check_token(scope, visitor)
        else:
            visitor.fields = read_fields(scope["query_string"])
        await self._let_in(scope, visitor, options.get(ACCESS, Access.ANYBODY), options.get(DEED))
        await self._app(scope, receive, send)

    async def _recognise(self, scope: HTTPScope) -> Visitor:
        token = _cookie(scope)
        if not token:
            visitor = Visitor(new_visitor(), has_cookie=False)
            give_cookie(scope, visitor.token)
            return visitor
        return Visitor(token, await find_session(self._ports.database, token, self._ports.clock()))

    def _check_token(self, scope: HTTPScope, visitor: Visitor) -> None:
        headers = dict(scope["headers"])
        given = visitor.fields.get(CSRF) or headers.get(b"x-csrf-token", b"").decode("latin-1")
        secret = cast("PortalPorts", self._ports.portal).secret
        if headers.get(b"sec-fetch-site") == b"cross-site" or not is_csrf_token(secret, visitor.token, given):
            raise NotPermitted("The form was not sent from this portal's own page, or is too old", reason="CSRF")

    async def _let_in(self, scope: HTTPScope, visitor: Visitor, access: Access, deed: Deed | None) -> None:
        if access is Access.ANYBODY:
            return
        found = visitor.found
        if found is None:
            raise MustSignIn(f"/portal/sign-in?next={quote(_return_to(scope), safe='')}")
        if access is Access.HALF:
            return
        if not found.session.is_complete:
            raise MustSignIn("/portal/second-step")
        if access is Access.OPERATOR and not visitor.is_operator:
            raise NotPermitted("Only the operators of this installation come in here", reason="ROLE")
        if deed is None:
            return
        account_id = AccountId(cast("UUID", scope["path_params"]["project"]))
        visitor.project = await find_member(self._ports.database, found.person, account_id)
        visitor.project.membership.require(deed)


def give_cookie(scope: Scope, token: str) -> None:
    """Let the browser keep this token from now on, until it is closed."""
    add_headers(scope, [(b"set-cookie", f"{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax".encode())])


def _cookie(scope: HTTPScope) -> str:
    found = Request(scope).cookies.get(COOKIE, "")
    return found if len(found) <= _LONGEST_COOKIE and found.isascii() else ""


async def _read_form(scope: HTTPScope, receive: Receive) -> Fields:
    """The texts of a form; a file in it is the handler's to read."""
    if not is_form(scope):
        return read_fields(body_of(scope)) if b"urlencoded" in content_type(scope) else Fields()
    try:
        form = await Request(scope, receive).form()
    except (UnicodeDecodeError, LookupError) as fault:
        raise Invalid("A field of the form is not UTF-8") from fault
    texts = ((name, value) for name, value in form.multi_items() if isinstance(value, str))
    return fields_of(texts, longest=LONGEST_IN_PARTS)


def _return_to(scope: HTTPScope) -> str:
    """The page that was asked for. What a form wanted is not done by itself after signing in."""
    return str(scope["path"]) if scope["method"] == "GET" else "/portal"
