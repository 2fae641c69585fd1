"""Who asks, and for which account: HTTP basic authentication and the account in the path (reference 1.2)."""

import base64
import binascii
from uuid import UUID

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.domain.errors import NotAuthenticated, NotFound, NotPermitted
from dialplane.domain.identity.role_permissions import Action, check_deed
from dialplane.domain.ids import AccessKeyId, AccountId, from_sid
from dialplane.domain.tenancy.accounts import Account, Principal
from dialplane.domain.tenancy.test_credentials import find_tested
from dialplane.faces.api_limits import ApiLimits
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.restcomm.passwords import Passwords
from dialplane.services.identity.basic_authentication import (
    AccountClaim,
    Acting,
    Claim,
    KeyClaim,
    authenticate_basic,
    authenticate_test,
    resolve_account,
)

ACCOUNT_PARAMETER = "account_sid"
"""The path parameter that names the account which is acted for; an address of e-mail may stand there too."""
RESOURCE = "resource"
"""The key of a router's options that says what permissions call its paths."""
ACTION = "action"
"""The key of a handler's options that says what it does, where method and path do not."""
OPEN = "open"
"""The key of a handler's options that holds a function: whether a request needs no credentials."""
LONGEST_EMAIL = 320

_ACTIONS = {"GET": Action.READ, "OPTIONS": Action.READ, "DELETE": Action.DELETE}


class BasicAuthentication:
    """An ASGI layer that puts an Acting into `scope["user"]`, or refuses."""

    def __init__(self, app: ASGIApp, *, ports: Dependencies, limits: ApiLimits, passwords: Passwords) -> None:
        self._app = app
        self._ports = ports
        self._limits = limits
        self._passwords = passwords

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ports = self._ports
        self._limits.check_address(scope)
        if _is_open(scope):
            await self._app(scope, receive, send)
            return
        attempt = self._passwords.tried_by(scope)
        caller = await authenticate_basic(ports.database, attempt, _read_claim(scope), ports.clock())
        self._limits.check_account(scope, Principal(caller.id, via="basic"))
        account = await self._acted_for(scope, caller)
        check_deed(caller, account, *_deed(scope), ports.developer)
        scope["user"] = Acting(caller, account)
        scope["auth"] = "basic"
        await self._app(scope, receive, send)

    async def _acted_for(self, scope: Scope, caller: Account) -> Account:
        """The account in the path; the caller's own where the path names none."""
        named = scope["path_params"].get(ACCOUNT_PARAMETER)
        if named is None:
            return caller
        name = _account_name(str(named))
        if name is None:
            raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
        return await resolve_account(self._ports.database, caller, name)


class TestAuthentication:
    """The same for test credentials: who has them acts for nobody but the account's double."""

    def __init__(self, app: ASGIApp, *, ports: Dependencies, limits: ApiLimits) -> None:
        self._app = app
        self._ports = ports
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._limits.check_address(scope)
        claim = _read_claim(scope)
        if not isinstance(claim, AccountClaim):
            raise NotAuthenticated("The credentials are not valid", reason="INVALID_CREDENTIALS")
        account = await authenticate_test(self._ports.database, claim)
        self._limits.check_account(scope, Principal(account.id, via="basic"))
        if _account_name(str(scope["path_params"][ACCOUNT_PARAMETER])) != account.id:
            raise NotPermitted("Test credentials are for their own account", reason="TEST_CREDENTIALS")
        scope["user"] = Acting(account, account)
        scope["auth"] = "basic"
        await self._app(scope, receive, send)


def has_test_credentials(scope: Scope) -> bool:
    """Whether the request names an account by its test sid, rightly or not."""
    try:
        claim = _read_claim(scope)
    except NotAuthenticated:
        return False
    return isinstance(claim, AccountClaim) and not isinstance(claim.name, str) and find_tested(claim.name) is not None


def _is_open(scope: Scope) -> bool:
    is_open = scope["route_handler"].opt.get(OPEN)
    return is_open is not None and scope["type"] == ScopeType.HTTP and scope["method"] == "GET" and is_open(scope)


def _deed(scope: Scope) -> tuple[Action, str]:
    """What is asked for, in the words of permissions: by the method and, of a POST, by where the path ends."""
    handler = scope["route_handler"]
    method = scope["method"] if scope["type"] == ScopeType.HTTP else ""
    action = _ACTIONS.get(method) or handler.opt.get(ACTION)
    if action is None:
        action = Action.MODIFY if any(path.endswith("}") for path in handler.paths) else Action.CREATE
    return action, handler.opt.get(RESOURCE, "")


def _read_claim(scope: Scope) -> Claim:
    user, secret = _credentials(scope)
    key_id = read_sid("SK", user)
    if key_id is not None:
        return KeyClaim(AccessKeyId(key_id), secret)
    name = _account_name(user)
    if name is None:
        raise NotAuthenticated("The credentials are not valid", reason="INVALID_CREDENTIALS")
    return AccountClaim(name, secret)


def _credentials(scope: Scope) -> tuple[str, str]:
    header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        raise NotAuthenticated("Authenticate with AccountSid and AuthToken", reason="AUTHENTICATION_REQUIRED")
    try:
        user, _, token = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as fault:
        raise NotAuthenticated("The credentials are not valid", reason="INVALID_CREDENTIALS") from fault
    return user, token


def _account_name(text: str) -> AccountId | str | None:
    """An id, or the address of e-mail that may stand instead; None where it can be neither."""
    if "@" in text:
        return None if "\0" in text or len(text) > LONGEST_EMAIL else text
    account_id = read_sid("AC", text)
    return None if account_id is None else AccountId(account_id)


def read_sid(prefix: str, sid: str) -> UUID | None:
    """The id of a sid; None where it is no sid of that kind: there is no such thing then."""
    try:
        return from_sid(prefix, sid)
    except ValueError:
        return None
