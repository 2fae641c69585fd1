"""Who asks: the five places of reference 1.2, looked at in its order, and the limits of 1.9.

The first place that is not empty counts, and if what stands there is bad the request fails. Kinder than the peer in one
point: an access key is known by its `vb_` wherever a token may stand.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote_plus

from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.domain.errors import NotAuthenticated
from dialplane.domain.ids import NIL, AccountId
from dialplane.domain.tenancy.accounts import Permission, Principal
from dialplane.faces.api_limits import ApiLimits
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.voipbin.visitors import check_reach
from dialplane.services.identity import delegation, visits
from dialplane.services.identity.authentication import authenticate_agent, authenticate_key, read_claims
from dialplane.services.settings import check_operator_key

KEY_PREFIX = "vb_"
JWT_DOTS = 2

REMEMBERED_FOR_S = 0.5
"""API-4: a revoked credential stops within a second on every node, so a good one is trusted for half of that.

Measured on GET of one number: the look-up at each request costs a third of its CPU.
"""

MOST_REMEMBERED = 10_000


class Authentication:
    """An ASGI layer that puts the Principal into `scope["user"]`, or refuses."""

    def __init__(self, app: ASGIApp, *, verifier: "Verifier", limits: ApiLimits) -> None:
        self._app = app
        self._verifier = verifier
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._limits.check_address(scope)
        credential = credential_of(scope)
        if not credential:
            raise NotAuthenticated("Send a token or an access key", reason="AUTHENTICATION_REQUIRED")
        principal = await self._verifier.verify(credential)
        self._limits.check_account(scope, principal)
        check_reach(scope, principal.visitor)
        scope["user"] = principal
        scope["auth"] = principal.via
        await self._app(scope, receive, send)


class Verifier:
    """Turns a credential into a Principal, and remembers for half a second that it was good."""

    def __init__(self, ports: Dependencies) -> None:
        self._ports = ports
        self._good: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()

    async def verify(self, credential: str) -> Principal:
        digest = hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest()
        known = self._good.get(digest)
        if known and known[1] > time.monotonic():
            return known[0]
        principal = await self._look_up(credential, self._ports.clock())
        self._good[digest] = (principal, time.monotonic() + REMEMBERED_FOR_S)
        self._good.move_to_end(digest)
        if len(self._good) > MOST_REMEMBERED:
            self._good.popitem(last=False)
        return principal

    async def verify_of_frozen(self, credential: str) -> Principal:
        """As `verify`, but of a frozen account too; nothing is remembered."""
        return await self._look_up(credential, self._ports.clock(), may_be_frozen=True)

    async def _look_up(self, credential: str, now: datetime, *, may_be_frozen: bool = False) -> Principal:
        ports = self._ports
        if credential.startswith(KEY_PREFIX):
            return await authenticate_key(ports.database, credential, now, may_be_frozen=may_be_frozen)
        if credential.count(".") != JWT_DOTS:
            return await self._look_up_operator(credential)
        claims = read_claims(ports.signer, credential, now)
        if claims.get("type") == visits.TOKEN_TYPE:
            return await visits.authenticate_visitor(ports.database, claims)
        if claims.get("type") == delegation.TOKEN_TYPE:
            return await delegation.authenticate_delegate(ports.database, claims, may_be_frozen=may_be_frozen)
        return await authenticate_agent(ports.database, claims, may_be_frozen=may_be_frozen)

    async def _look_up_operator(self, credential: str) -> Principal:
        """The operator's key works here too, with the platform's permission and no account of its own."""
        try:
            await check_operator_key(self._ports.database, credential)
        except NotAuthenticated as refusal:
            raise NotAuthenticated("The credentials are not valid", reason="INVALID_CREDENTIALS") from refusal
        return Principal(AccountId(NIL), Permission.PLATFORM_ADMIN, via="operator")

    def forget_all(self) -> None:
        """After a credential was revoked through this process, none is trusted unseen."""
        self._good.clear()


def credential_of(scope: Scope) -> str:
    """The one that counts; "" where there is none."""
    return next(_credentials(scope), "")


def _credentials(scope: Scope) -> Iterator[str]:
    """Every credential of the request that is not empty, in the order of reference 1.2."""
    header, cookies = "", {}
    for name, value in scope["headers"]:
        if name == b"authorization":
            header = value.decode("latin-1")
        elif name == b"cookie":
            cookies = _cookies(value.decode("latin-1"))
    query = scope["query_string"]
    scheme, _, bearer = header.partition(" ")
    candidates = (
        cookies.get("token", ""),
        _query_value(query, b"token="),
        bearer.strip() if scheme.lower() == "bearer" else "",
        cookies.get("accesskey", ""),
        _query_value(query, b"accesskey="),
    )
    return (candidate for candidate in candidates if candidate)


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value.strip('"') for name, _, value in pairs}


def _query_value(query: bytes, name: bytes) -> str:
    """The first value of that name in a raw query string that is not empty."""
    if name in query:
        for part in query.split(b"&"):
            if part.startswith(name) and part != name:
                return unquote_plus(part[len(name) :].decode("latin-1"))
    return ""
