"""Failures as the document's tables name them, and the one table from refusals to codes.

Listing and purchase (Table 2): `{"status": "No Data", "code": 4xx, "message": "…"}`.
Call routing (Table 9): `{"code": 4xx, "data": {"code": 4xx, "message": "…"}}`; its success stands in `data` too.

The document shows no failure in full. `message` says in words what was wrong, `field` and `reason` say it to programs.
"""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.types import ExceptionHandlersMap

from dialplane.domain import errors
from dialplane.faces.observation import request_id_of

log = structlog.get_logger()

CODES: Mapping[type[errors.Refusal], int] = {
    errors.Invalid: 400,
    errors.NotAuthenticated: 401,
    errors.InsufficientBalance: 402,
    errors.NotPermitted: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Mismatch: 422,
    errors.LimitExceeded: 429,
    errors.Unavailable: 503,
}

ROUTING_CODES: Mapping[type[errors.Refusal], int] = {**CODES, errors.Invalid: 401, errors.NotAuthenticated: 404}
"""Table 9: from 401 on the setting failed, from 404 on the project or its token is not known."""

INTERNAL = "Internal Server Error"

AnyRequest = Request[object, object, State]
Body = dict[str, object]


def show_refusal(_request: AnyRequest, refusal: errors.Refusal) -> Response[Body]:
    """Of listing and purchase."""
    code = _code(refusal, CODES)
    status = INTERNAL if code >= HTTPStatus.INTERNAL_SERVER_ERROR else "No Data"
    return _answer(code, {"status": status, "code": code, "message": refusal.message} | _facts(refusal), refusal)


def show_routing_refusal(_request: AnyRequest, refusal: errors.Refusal) -> Response[Body]:
    code = _code(refusal, ROUTING_CODES)
    message = refusal.message
    if isinstance(refusal, errors.NotAuthenticated):
        message = "Invalid Project ID/Auth Token"
    elif code < HTTPStatus.NOT_FOUND:
        message = f"User Creation Failed: {refusal.message}"
    return _answer(code, {"code": code, "data": {"code": code, "message": message} | _facts(refusal)}, refusal)


def show_http_exception(request: AnyRequest, fault: HTTPException) -> Response[Body]:
    """What Litestar itself refuses."""
    if fault.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return show_fault(request, fault)
    wrong_method = isinstance(fault, MethodNotAllowedException)
    message = "There is nothing at this path with this method" if wrong_method else fault.detail
    code = fault.status_code
    return _answer(code, {"status": "No Data", "code": code, "message": message, "data": {"code": code}}, None)


def show_fault(request: AnyRequest, fault: Exception) -> Response[Body]:
    """A fault of ours: the log gets everything, the client a request id to quote."""
    request_id = request_id_of(request.scope)
    log.error("request_failed", request_id=request_id, path=request.scope["path"], exc_info=fault)
    code = HTTPStatus.INTERNAL_SERVER_ERROR.value
    data = {"code": code, "message": INTERNAL, "request_id": request_id}
    return _answer(code, {"status": INTERNAL, "code": code, "message": INTERNAL, "data": data}, None)


def _code(refusal: errors.Refusal, codes: Mapping[type[errors.Refusal], int]) -> int:
    return next(codes[kind] for kind in type(refusal).__mro__ if kind in codes)


def _facts(refusal: errors.Refusal) -> Body:
    facts = {"reason": refusal.reason, "field": refusal.field}
    return {name: text for name, text in facts.items() if text}


def _answer(code: int, body: Body, refusal: errors.Refusal | None) -> Response[Body]:
    headers: dict[str, str] = {}
    for detail in refusal.details if refusal else ():
        if "retry_after" in detail:
            headers["Retry-After"] = str(detail["retry_after"])
    if code == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    return Response(body, status_code=code, headers=headers)


HANDLERS: ExceptionHandlersMap = {
    errors.Refusal: show_refusal,
    HTTPException: show_http_exception,
    Exception: show_fault,
}

ROUTING_HANDLERS: ExceptionHandlersMap = {
    errors.Refusal: show_routing_refusal,
    HTTPException: show_http_exception,
    Exception: show_fault,
}
