"""This face's one shape of errors (RFC 9457), and the one table from refusals to HTTP statuses.

```
{"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "...", "reason": "...",
 "errors": [{"field": "...", "detail": "..."}], "request_id": "..."}
```
"""

import re
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException
from litestar.types import ExceptionHandlersMap

from dialplane.domain import errors
from dialplane.faces.observation import request_id_of

log = structlog.get_logger()

STATUS: dict[type[errors.Refusal], HTTPStatus] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    errors.NotPermitted: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.InsufficientBalance: HTTPStatus.PAYMENT_REQUIRED,
    errors.LimitExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Refusal: HTTPStatus.UNPROCESSABLE_ENTITY,
}

_MISSING = re.compile(r"missing required field `(\w+)`")
"""msgspec reports a missing field as a fault of the object that lacks it."""

AnyRequest = Request[object, object, State]


class FieldError(msgspec.Struct):
    """What is wrong with one input."""

    field: str
    detail: str


class Problem(msgspec.Struct):
    """Every answer of 400 and above. `reason` is for programs, `detail` for people."""

    title: str
    status: int
    detail: str
    reason: str
    request_id: str
    errors: list[FieldError] = []
    type: str = "about:blank"


def show_refusal(request: AnyRequest, refusal: errors.Refusal) -> Response[Problem]:
    status = next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)
    fields = [FieldError(refusal.field, refusal.message)] if refusal.field else []
    return _answer(request, status, refusal.message, refusal.reason or status.name, fields)


def show_http_exception(request: AnyRequest, fault: HTTPException) -> Response[Problem]:
    """What Litestar itself refuses: routes, methods, bodies and parameters that do not fit."""
    if isinstance(fault, NotFoundException):
        return _answer(request, HTTPStatus.NOT_FOUND, "There is nothing at this path", "ROUTE_NOT_FOUND", [])
    if isinstance(fault, MethodNotAllowedException):
        detail = "There is nothing at this path with this method"
        return _answer(request, HTTPStatus.METHOD_NOT_ALLOWED, detail, "METHOD_NOT_ALLOWED", [])
    if isinstance(fault, ValidationException):
        fields = [_field(problem) for problem in fault.extra or [] if isinstance(problem, Mapping)]
        detail = "; ".join(f"{one.field}: {one.detail}" for one in fields) or fault.detail
        return _answer(request, HTTPStatus.BAD_REQUEST, detail, "INVALID_ARGUMENT", fields)
    if fault.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer(request, HTTPStatus(fault.status_code), fault.detail, "INVALID_ARGUMENT", [])
    return show_fault(request, fault)


def show_fault(request: AnyRequest, fault: Exception) -> Response[Problem]:
    """A fault of ours: the log gets everything, the operator a request id to look for."""
    log.error("request_failed", request_id=request_id_of(request.scope), path=request.scope["path"], exc_info=fault)
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something failed on our side", "INTERNAL", [])


def _field(problem: Mapping[str, object]) -> FieldError:
    key, message = str(problem.get("key", "body")), str(problem.get("message", ""))
    missing = _MISSING.search(message)
    return FieldError(missing[1] if missing else "body" if key == "data" else key, message)


def _answer(
    request: AnyRequest, status: HTTPStatus, detail: str, reason: str, fields: list[FieldError]
) -> Response[Problem]:
    problem = Problem(status.phrase, status.value, detail, reason, request_id_of(request.scope), fields)
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}
    return Response(problem, status_code=status, media_type="application/problem+json", headers=headers)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    errors.Refusal: show_refusal,
    HTTPException: show_http_exception,
    Exception: show_fault,
}
