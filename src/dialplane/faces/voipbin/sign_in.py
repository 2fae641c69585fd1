"""`/auth`, outside of `/v1.0`: a name and a password become a token (reference 1.4)."""

from typing import Annotated

import msgspec
from litestar import Response, Router, post
from litestar.datastructures import Cookie
from litestar.di import Provide
from litestar.params import JSONBody
from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.faces.api_limits import address_of, refuse_flood
from dialplane.faces.bodies import BodyLimits
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.rate_limits import RateLimiter
from dialplane.faces.voipbin.answers import answers
from dialplane.faces.voipbin.delegate import delegate
from dialplane.faces.voipbin.forgotten_passwords import forget_password, reset_password, show_reset
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.unregister import recover, unregister
from dialplane.services.identity import authentication

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=320)]


class SignIn(msgspec.Struct):
    username: _Text
    password: _Text


class SignedIn(msgspec.Struct):
    """The token lasts seven days; it is set as a cookie too."""

    username: str
    token: str


class AuthLimit:
    """An ASGI layer: so many attempts from one address, and no more (reference 1.9)."""

    def __init__(self, app: ASGIApp, *, limiter: RateLimiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refuse_flood(scope, self._limiter, address_of(scope), limited_by="ip")
        await self._app(scope, receive, send)


@post("/login", status_code=200, security=[{}], responses=answers(SignedIn))
async def login(request: ApiRequest, data: JSONBody[SignIn]) -> Response[SignedIn]:
    """Sign in with a user name and a password."""
    ports = request.ports
    result = await authentication.login(
        ports.database, ports.signer, ports.hasher, data.username, data.password, request.now
    )
    cookie = Cookie(
        key="token",
        value=result.token,
        path="/",
        httponly=True,
        # A browser keeps no Secure cookie that came over plain http, which a first try on one's own host uses.
        secure=request.url.scheme == "https",
        samesite="strict",
        max_age=int(authentication.TOKEN_LIFE.total_seconds()),
    )
    return Response(SignedIn(result.username, result.token), cookies=[cookie])


def auth_router(ports: Dependencies) -> Router:
    limiter = RateLimiter("address", ports.rate_limits.auth_by_address)
    mails = RateLimiter("mail", ports.rate_limits.mails_by_email)

    def limit(app: ASGIApp) -> AuthLimit:
        return AuthLimit(app, limiter=limiter)

    return Router(
        "/auth",
        route_handlers=[login, delegate, unregister, recover, forget_password, reset_password, show_reset],
        dependencies={"mails": Provide(lambda: mails, sync_to_thread=False)},
        middleware=[limit, BodyLimits],
        request_class=ApiRequest,
        tags=["Sign-in"],
    )
