"""What went wrong, as a page: the one table from refusals to statuses."""

from collections.abc import Mapping
from typing import Any

import structlog
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from dialplane.domain.errors import (
    Conflict,
    InsufficientBalance,
    Invalid,
    LimitExceeded,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Refusal,
    Unavailable,
)
from dialplane.faces.observation import request_id_of
from dialplane.faces.portal.gate import MustSignIn
from dialplane.faces.portal.rendering import go, render
from dialplane.faces.portal.request import visitor_of

log = structlog.get_logger()

_STATUSES: Mapping[type[Refusal], int] = {
    Invalid: 400,
    NotAuthenticated: 401,
    InsufficientBalance: 402,
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    LimitExceeded: 429,
    Unavailable: 503,
}
_TITLES = {
    400: "That cannot be read",
    401: "Sign in first",
    402: "Not enough credit",
    403: "That is not allowed",
    404: "There is no such page",
    405: "There is no such page",
    409: "That cannot be done now",
    413: "That is too large",
    429: "Too many requests",
    503: "A part of the platform does not answer",
}


def status_of(refusal: Refusal) -> int:
    return next((status for kind, status in _STATUSES.items() if isinstance(refusal, kind)), 400)


def _refused(request: Request[Any, Any, Any], refusal: Refusal) -> Response[str]:
    status = status_of(refusal)
    said = refusal.message
    visitor = visitor_of(request.scope)
    if refusal.reason == "CSRF" and visitor is not None and not visitor.has_cookie:
        said = (
            "Your browser sent no cookie back. Over plain http, browsers keep the portal's cookie on this machine only:"
            " open the portal as http://localhost, or by https."
        )
    headers = {}
    for detail in refusal.details:
        if "retry_after" in detail:
            headers["Retry-After"] = str(detail["retry_after"])
    return _page(request, status, said, headers)


def _sign_in(_: Request[Any, Any, Any], fault: MustSignIn) -> Response[str]:
    return go(fault.where)


def _http(request: Request[Any, Any, Any], fault: HTTPException) -> Response[str]:
    return _page(request, fault.status_code, "", fault.headers or {})


def _failed(request: Request[Any, Any, Any], fault: Exception) -> Response[str]:
    log.error("request_failed", request_id=request_id_of(request.scope), exc_info=fault)
    return _page(request, 500, "")


def _page(
    request: Request[Any, Any, Any], status: int, said: str, headers: Mapping[str, str] | None = None
) -> Response[str]:
    text = render(
        "error.html",
        {
            "title": _TITLES.get(status, "Something went wrong here"),
            "said": said,
            "status": status,
            "request_id": request_id_of(request.scope),
        },
    )
    return Response(text, media_type=MediaType.HTML, status_code=status, headers=headers)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    MustSignIn: _sign_in,
    Refusal: _refused,
    HTTPException: _http,
    Exception: _failed,
}
