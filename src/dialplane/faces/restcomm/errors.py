"""Refusals in the words of both dialects, and the one table from refusals to statuses and codes (reference 1.8)."""

from http import HTTPStatus

import msgspec
import structlog
from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.types import ExceptionHandlersMap

from dialplane.domain import errors
from dialplane.faces.observation import request_id_of
from dialplane.faces.restcomm.dialects import Asked, asked_of
from dialplane.faces.restcomm.rendering import answer, envelope, xml_element
from dialplane.faces.voipbin.errors import AnyRequest

log = structlog.get_logger()

FAMILIES: dict[type[errors.Refusal], tuple[int, int]] = {
    errors.Invalid: (400, 20001),
    errors.NotAuthenticated: (401, 20003),
    errors.NotPermitted: (403, 20403),
    errors.NotFound: (404, 20404),
    errors.AlreadyExists: (409, 20409),
    errors.Conflict: (409, 20409),
    errors.InsufficientBalance: (402, 20402),
    errors.LimitExceeded: (429, 20429),
    errors.Unavailable: (503, 20503),
    errors.Mismatch: (422, 20422),
}
"""Status, and the code of Twilio's catalogue where the reason has none of its own."""

CODES: dict[str, int] = {
    "ACCOUNT_NOT_ACTIVE": 20005,
    "ACCOUNT_FROZEN": 20005,
    "NUMBER_INVALID": 21421,
    "NUMBER_NOT_AVAILABLE": 21422,
    "AREA_CODE_INVALID": 21451,
    "AREA_CODE_EMPTY": 21452,
    "URL_INVALID": 21402,
    "APPLICATION_NOT_FOUND": 21218,
    "QUEUE_EXISTS": 22003,
    "QUEUE_NOT_EMPTY": 22002,
    "QUEUE_NAME_MISSING": 22000,
    "CALL_ALREADY_HANGUP": 21220,
    "CALL_STATE_INVALID": 21220,
    "RECORDING_ALREADY_ACTIVE": 21220,
    "RECORDING_NOT_ACTIVE": 21220,
    "TO_MISSING": 21201,
    "FROM_MISSING": 21213,
    "CALL_URL_MISSING": 21205,
    "CALL_URL_INVALID": 21205,
    "TO_INVALID": 21211,
    "FROM_INVALID": 21212,
    "SOURCE_NOT_OWNED": 21212,
    "TEST_CREDENTIALS": 20008,
    "CALLER_NOT_VERIFIED": 21210,
    "CALLEE_INVALID": 21217,
    "CALLEE_NOT_ROUTABLE": 21214,
    "CALLEE_ABROAD": 21215,
    "CALLEE_BLOCKED": 21216,
    "SENDER_QUEUE_FULL": 21611,
    "RECEIVER_NOT_ROUTABLE": 21612,
    "RECEIVER_ABROAD": 21408,
    "MESSAGE_TO_MISSING": 21604,
    "MESSAGE_FROM_MISSING": 21603,
    "MESSAGE_BODY_MISSING": 21602,
    "MESSAGE_BODY_TOO_LONG": 21617,
    "MESSAGE_SENDER_NOT_OWNED": 21606,
    "NUMBER_NOT_SMS_CAPABLE": 21601,
    "TO_IS_FROM": 21266,
    "TO_NOT_REACHABLE": 21614,
    "RECIPIENT_OPTED_OUT": 21610,
    "POOL_NOT_FOUND": 21701,
    "POOL_EMPTY": 21703,
    "SCHEDULE_POOL_MISSING": 35117,
    "SEND_AT_MISSING": 35111,
    "SEND_AT_INVALID": 35114,
    "SCHEDULE_TYPE_INVALID": 35118,
    "MESSAGE_NOT_SCHEDULED": 30409,
    "MESSAGE_NOT_COMPLETE": 20009,
}
"""Twilio's code for a reason. What is not found is 20404 whatever it is."""

STATUSES: dict[str, tuple[int, int]] = {
    "CALL_TO_CHANGE_NOT_FOUND": (406, 404),
    "CALL_ALREADY_HANGUP": (410, 400),
    "CALL_STATE_INVALID": (400, 400),
    "RECORDING_ALREADY_ACTIVE": (409, 400),
    "RECORDING_NOT_ACTIVE": (409, 400),
    "QUEUE_EXISTS": (409, 400),
    "QUEUE_NOT_EMPTY": (409, 400),
    "RECIPIENT_OPTED_OUT": (400, 400),
    "RECEIVER_ABROAD": (400, 400),
    "MESSAGE_NOT_SCHEDULED": (409, 400),
}
"""Reasons whose status is another than their family's: in Restcomm's dialect and in Twilio's (reference 4.4)."""

PLAIN_TEXT: dict[str, str] = {
    "NUMBER_MISSING": "Phone number can not be null.",
    "NUMBER_NOT_AVAILABLE": "21452",
    "AREA_CODE_EMPTY": "21452",
    "CALL_URL_MISSING": "Url can not be null.",
    "TO_MISSING": "To can not be null.",
    "FROM_MISSING": "From can not be null.",
    "MESSAGE_TO_MISSING": "To can not be null.",
    "MESSAGE_FROM_MISSING": "From can not be null.",
    "MESSAGE_BODY_MISSING": "Body can not be null.",
}
"""Reasons whose whole answer is this text in Restcomm's dialect, as its documentation promises."""

_HTTP_CODES = {404: 20404, 405: 20004, 413: 20413, 415: 20415, 500: 20500}


def show_refusal(request: AnyRequest, refusal: errors.Refusal) -> Response[bytes]:
    """A refusal of the services or of this face."""
    asked = asked_of(request.scope)
    family = next(kind for kind in type(refusal).__mro__ if kind in FAMILIES)
    status, code = FAMILIES[family]
    if refusal.reason in STATUSES:
        status = STATUSES[refusal.reason][asked.dialect.is_twilio]
    if family is not errors.NotFound:
        code = CODES.get(refusal.reason, code)
    headers = _headers(asked, status, refusal)
    if not asked.dialect.is_twilio and refusal.reason in PLAIN_TEXT:
        return Response(PLAIN_TEXT[refusal.reason].encode(), status_code=status, media_type="text/plain")
    body = _body(asked, status, code, _name(refusal), refusal.reason)
    return Response(body, status_code=status, media_type=asked.media_type, headers=headers)


def show_http_exception(request: AnyRequest, fault: HTTPException) -> Response[bytes]:
    """What is refused before a handler: routes, methods, bodies that are no forms."""
    asked = asked_of(request.scope)
    if isinstance(fault, NotFoundException | MethodNotAllowedException):
        message = "The requested resource was not found" if fault.status_code == 404 else "Method not allowed"
    else:
        message = fault.detail
    body = _body(asked, fault.status_code, _HTTP_CODES.get(fault.status_code, 20001), message, "")
    allowed = {name: text for name, text in (fault.headers or {}).items() if name == "allow"}
    return Response(body, status_code=fault.status_code, media_type=asked.media_type, headers=allowed)


def show_fault(request: AnyRequest, fault: Exception) -> Response[bytes]:
    """A fault of ours: the log gets everything, the client nothing but the fact."""
    log.error("request_failed", request_id=request_id_of(request.scope), path=request.scope["path"], exc_info=fault)
    asked = asked_of(request.scope)
    return answer(asked, _body(asked, 500, 20500, "Something failed on our side", "INTERNAL"), status=500)


_NAMES = {
    "number": "PhoneNumber",
    "name": "FriendlyName",
    "country": "IsoCountryCode",
    "type": "PhoneNumber",
    "customer_id": "AccountSid",
    "voice_application_id": "VoiceApplicationSid",
    "message_application_id": "SmsApplicationSid",
    "refer_application_id": "ReferApplicationSid",
    "ussd_application_id": "UssdApplicationSid",
}
"""What services call a field, and what these dialects call it."""


def _name(refusal: errors.Refusal) -> str:
    """The message, with the parameter in front where it speaks of it by another name."""
    name = _NAMES.get(refusal.field, refusal.field)
    if not name or name in refusal.message:
        return refusal.message
    return f"{name}: {refusal.message.removeprefix(f'{refusal.field}: ')}"


def _body(asked: Asked, status: int, code: int, message: str, reason: str) -> bytes:
    if asked.dialect.is_twilio:
        more_info = f"https://www.twilio.com/docs/errors/{code}"
        facts = {"code": code, "message": message, "more_info": more_info, "status": status}
        inner = xml_element("RestException", facts)
    else:
        facts = {"message": message, "error": reason or HTTPStatus(status).phrase}
        inner = "".join(xml_element(name.capitalize(), text) for name, text in facts.items())
    return msgspec.json.encode(facts) if asked.wants_json else envelope(asked, inner)


def _headers(asked: Asked, status: int, refusal: errors.Refusal) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": f'Basic realm="{asked.dialect.realm}"'}
    if retry_after := next((str(detail["retry_after"]) for detail in refusal.details if "retry_after" in detail), ""):
        return {"Retry-After": retry_after}
    return {"Retry-After": "1"} if status == 503 else {}


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    errors.Refusal: show_refusal,
    HTTPException: show_http_exception,
    Exception: show_fault,
}
