"""VoIPBIN's error envelope (reference 1.5), and the one table from refusals to its statuses.

```
{"error": {"status": "...", "reason": "...", "message": "...", "request_id": "...", "details": [{...}]}}
```
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.enums import ParamType
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    SerializationException,
    ValidationException,
)
from litestar.types import ExceptionHandlersMap, Scope

from dialplane.domain import errors
from dialplane.faces.observation import request_id_of

log = structlog.get_logger()

AnyRequest: TypeAlias = Request[object, object, State]


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """What went wrong, for programs (`status`, `reason`, `details`) and for people (`message`)."""

    status: str
    reason: str
    message: str
    request_id: str
    details: list[dict[str, object]] = []


class ErrorEnvelope(msgspec.Struct):
    """Every answer of 400 and above."""

    error: ErrorBody


HTTP_STATUS: dict[str, int] = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PAYMENT_REQUIRED": 402,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "FAILED_PRECONDITION": 409,
    "UNPROCESSABLE": 422,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}

REFUSALS: dict[type[errors.Refusal], tuple[str, str]] = {
    errors.Invalid: ("INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    errors.NotAuthenticated: ("UNAUTHENTICATED", "INVALID_CREDENTIALS"),
    errors.NotPermitted: ("PERMISSION_DENIED", "PERMISSION_DENIED"),
    errors.NotFound: ("NOT_FOUND", "RESOURCE_NOT_FOUND"),
    errors.AlreadyExists: ("ALREADY_EXISTS", "ALREADY_EXISTS"),
    errors.Conflict: ("FAILED_PRECONDITION", "STATE_INVALID"),
    errors.InsufficientBalance: ("PAYMENT_REQUIRED", "INSUFFICIENT_BALANCE"),
    errors.LimitExceeded: ("RESOURCE_EXHAUSTED", "RESOURCE_LIMIT_EXCEEDED"),
    errors.Unavailable: ("UNAVAILABLE", "SERVICE_UNAVAILABLE"),
    errors.Mismatch: ("UNPROCESSABLE", "IDEMPOTENCY_KEY_REUSED"),
}
"""Status and the reason where the refusal names none."""

REASONS: dict[object, str] = {ParamType.PATH: "INVALID_ID", ParamType.QUERY: "INVALID_REQUEST_PARAMETER"}
"""What a malformed value is called, by where it stood."""

_MISSING = re.compile(r"missing required field `(\w+)`")
_MISSING_PARAMETER = re.compile(r"Missing required query parameter '(\w+)'")


def show_refusal(request: AnyRequest, refusal: errors.Refusal) -> Response[ErrorEnvelope]:
    """A refusal of the services as the envelope."""
    return refuse(request.scope, refusal)


def refuse(scope: Scope, refusal: errors.Refusal) -> Response[ErrorEnvelope]:
    """The same for a websocket that is not opened."""
    family = next(kind for kind in type(refusal).__mro__ if kind in REFUSALS)
    status, reason = REFUSALS[family]
    details = [dict(detail) for detail in refusal.details]
    if refusal.field:
        details.insert(0, {"field": refusal.field})
    return _envelope(scope, status, refusal.reason or reason, refusal.message, details)


def show_http_exception(request: AnyRequest, fault: HTTPException) -> Response[ErrorEnvelope]:
    """What Litestar itself refuses: routes, methods, bodies and parameters that do not fit."""
    if isinstance(fault, NotFoundException | MethodNotAllowedException):
        return _envelope(
            request.scope, "NOT_FOUND", "ROUTE_NOT_FOUND", "There is nothing at this path with this method"
        )
    if isinstance(fault, ValidationException):
        return _show_validation(request, fault)
    if isinstance(fault.__cause__, SerializationException | msgspec.DecodeError | UnicodeDecodeError):
        return _envelope(
            request.scope, "INVALID_ARGUMENT", "INVALID_JSON_BODY", f"The body is not JSON: {fault.detail}"
        )
    if isinstance(fault, ClientException):
        return _envelope(request.scope, "INVALID_ARGUMENT", "INVALID_ARGUMENT", fault.detail)
    log.error("http_exception", request_id=request_id_of(request.scope), status=fault.status_code)
    return _envelope(request.scope, "INTERNAL", "INTERNAL", "Something failed on our side")


def show_fault(request: AnyRequest, fault: Exception) -> Response[ErrorEnvelope]:
    """A fault of ours: the log gets everything, the client a request id to quote."""
    log.error("request_failed", request_id=request_id_of(request.scope), path=request.scope["path"], exc_info=fault)
    return _envelope(request.scope, "INTERNAL", "INTERNAL", "Something failed on our side")


def _show_validation(request: AnyRequest, fault: ValidationException) -> Response[ErrorEnvelope]:
    if missing := _MISSING_PARAMETER.match(fault.detail):
        details = [{"field": missing[1], "problem": "This parameter is required"}]
        text = f"{missing[1]} is required"
        return _envelope(request.scope, "INVALID_ARGUMENT", "MISSING_REQUEST_PARAMETER", text, details)
    problems = [problem for problem in fault.extra or [] if isinstance(problem, Mapping)]
    details = [_name_field(problem) for problem in problems]
    reason = next((REASONS[where] for problem in problems if (where := problem.get("source")) in REASONS), "")
    if not reason:
        # What is no object, or nothing at all, does not bind as a whole (reference 1.5).
        is_whole = not details or details[0]["field"] == "body"
        reason = "INVALID_JSON_BODY" if is_whole else "INVALID_ARGUMENT"
    message = "; ".join(f"{detail['field']}: {detail['problem']}" for detail in details) or fault.detail
    return _envelope(request.scope, "INVALID_ARGUMENT", reason, message, details)


def _name_field(problem: Mapping[str, object]) -> dict[str, object]:
    """One of Litestar's problems with the name that the client knows; `data` is Litestar's name of the body."""
    key, text = str(problem.get("key", "data")), str(problem.get("message", ""))
    if text == "'data'":
        return {"field": "body", "problem": "A JSON body is needed"}
    field = "body" if key == "data" else key
    if missing := _MISSING.search(text):
        return {"field": missing[1] if key == "data" else f"{key}.{missing[1]}", "problem": "This field is required"}
    return {"field": field, "problem": text}


def _envelope(
    scope: Scope,
    status: str,
    reason: str,
    message: str,
    details: Sequence[dict[str, object]] = (),
) -> Response[ErrorEnvelope]:
    error = ErrorBody(status, reason, message, request_id_of(scope), list(details))
    headers: dict[str, str] = {}
    if retry_after := next((str(detail["retry_after"]) for detail in details if "retry_after" in detail), ""):
        headers["Retry-After"] = retry_after
    elif status == "UNAVAILABLE":
        headers["Retry-After"] = "1"
    return Response(ErrorEnvelope(error), status_code=HTTP_STATUS[status], headers=headers)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    errors.Refusal: show_refusal,
    HTTPException: show_http_exception,
    Exception: show_fault,
}
