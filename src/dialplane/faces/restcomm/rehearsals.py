"""What Twilio's test credentials do: buying, messages and calls with numbers that decide what comes of it.

Only these three, only to create; nothing is charged, kept or told to anybody. The tables of numbers are Twilio's
(carriers reference e.5, and its page of test credentials).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import Response, Router, post
from litestar.exceptions import HTTPException, NotFoundException
from litestar.types import ExceptionHandlersMap

from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.errors import NotPermitted
from dialplane.domain.ids import CallId, NumberId, new_id, to_sid
from dialplane.domain.messaging.segments import count_segments
from dialplane.domain.numbering.numbers import Number, NumberKind, NumberStatus
from dialplane.faces.restcomm import errors
from dialplane.faces.restcomm.call_forms import read_application, read_document, read_from, read_manner, read_to
from dialplane.faces.restcomm.call_shapes import show_call
from dialplane.faces.restcomm.forms import invalid
from dialplane.faces.restcomm.number_lists import ITEM
from dialplane.faces.restcomm.number_shapes import show_number
from dialplane.faces.restcomm.numbers import read_order
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest, phone_text
from dialplane.faces.voipbin.errors import AnyRequest

GOOD = "+15005550006"
_GOOD_AREA = "500"
_MOST_MEDIA = 10


@dataclass(frozen=True, slots=True)
class Bad:
    """What is wrong with a parameter."""

    reason: str
    says: str


Table = Mapping[str, Bad | None]
"""By number; None where nothing is wrong with it."""

BOUGHT: Table = {
    "+15005550000": Bad("NUMBER_NOT_AVAILABLE", "is not available"),
    "+15005550001": Bad("NUMBER_INVALID", "is no valid number"),
    GOOD: None,
}
SENDERS: Table = {
    "+15005550001": Bad("FROM_INVALID", "is no valid number"),
    "+15005550007": Bad("MESSAGE_SENDER_NOT_OWNED", "is not yours, or cannot send messages"),
    "+15005550008": Bad("SENDER_QUEUE_FULL", "has too many messages in its queue"),
    GOOD: None,
}
RECEIVERS: Table = {
    "+15005550001": Bad("TO_INVALID", "is no valid number"),
    "+15005550002": Bad("RECEIVER_NOT_ROUTABLE", "cannot be reached"),
    "+15005550003": Bad("RECEIVER_ABROAD", "is in a country that the account may not send to"),
    "+15005550004": Bad("RECIPIENT_OPTED_OUT", "wants no messages"),
    "+15005550009": Bad("TO_NOT_REACHABLE", "cannot receive messages"),
}
CALLERS: Table = {
    "+15005550001": Bad("FROM_INVALID", "is no valid number"),
    GOOD: None,
}
CALLEES: Table = {
    "+15005550001": Bad("CALLEE_INVALID", "is no valid number"),
    "+15005550002": Bad("CALLEE_NOT_ROUTABLE", "cannot be reached"),
    "+15005550003": Bad("CALLEE_ABROAD", "is in a country that the account may not call"),
    "+15005550004": Bad("CALLEE_BLOCKED", "is blocked"),
}


@post(["/IncomingPhoneNumbers", "/IncomingPhoneNumbers/{kind:str}"], status_code=201)
async def buy_number(request: RestcommRequest) -> Response[bytes]:
    """Buy a number, by itself or by its area."""
    wanted, area = read_order(request), request.parameters.text("AreaCode").strip()
    if area and area != _GOOD_AREA:
        raise invalid("AreaCode", "has no numbers", reason="AREA_CODE_EMPTY")
    if not area and not wanted.number:
        raise invalid("PhoneNumber", "or AreaCode is needed", reason="NUMBER_MISSING")
    if not area:
        _check("PhoneNumber", wanted.number, BOUGHT, otherwise=BOUGHT["+15005550000"])
    number = Number(
        id=NumberId(new_id(request.now)),
        account_id=request.account_id,
        organization_id=request.account.organization_id,
        number=GOOD,
        kind=NumberKind.LOCAL,
        status=NumberStatus.ACTIVE,
        created_at=request.now,
        targets=wanted.targets,
        settings=wanted.settings,
        name=wanted.name,
        country="US",
        capabilities=("voice", "sms", "mms"),
    )
    return show(request.asked, ITEM, show_number(request.asked, number, {}), status=201)


@post(["/Messages", "/SMS/Messages"], status_code=201)
async def send_message(request: RestcommRequest) -> Response[bytes]:
    """Send a message."""
    parameters = request.parameters
    receiver, sender = (phone_text(parameters.text(name)) for name in ("To", "From"))
    if not receiver:
        raise invalid("To", "is needed", reason="TO_INVALID")
    if not sender:
        raise invalid("From", "is needed", reason="FROM_INVALID")
    text, media = parameters.text("Body", longest=1600), parameters.all("MediaUrl")
    if not text and not media:
        raise invalid("Body", "or MediaUrl is needed", reason="MESSAGE_BODY_MISSING")
    if len(media) > _MOST_MEDIA:
        raise invalid("MediaUrl", f"may be given {_MOST_MEDIA} times")
    _check("From", sender, SENDERS, otherwise=SENDERS["+15005550007"])
    _check("To", receiver, RECEIVERS)
    asked, dialect = request.asked, request.dialect
    sid = to_sid("MM" if media else "SM", new_id(request.now))
    uri = f"/Accounts/{request.account_sid}/Messages/{sid}"
    members = {
        "sid": sid,
        "account_sid": request.account_sid,
        "api_version": dialect.api_version,
        "body": text,
        "date_created": dialect.show_time(request.now),
        "date_sent": None,
        "date_updated": dialect.show_time(request.now),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": sender,
        "messaging_service_sid": None,
        "num_media": str(len(media)),
        "num_segments": str(count_segments(text).count),
        "price": None,
        "price_unit": "USD",
        "status": "queued",
        "to": receiver,
        "subresource_uris": {"media": asked.uri(f"{uri}/Media")},
        "uri": asked.uri(uri),
    }
    return show(asked, "Message", members, status=201)


@post("/Calls", status_code=201)
async def place_call(request: RestcommRequest) -> Response[bytes]:
    """Call somebody."""
    parameters, country = request.parameters, request.account.home_country
    callee, caller = read_to(parameters, country), read_from(parameters, country)
    read_manner(parameters, callee, request.dialect)
    if read_application(parameters) is None:
        read_document(parameters, is_needed=True)
    _check("From", caller.target, CALLERS, otherwise=Bad("CALLER_NOT_VERIFIED", "is not verified for the account"))
    _check("To", callee.address.target, CALLEES)
    call = Call(
        id=CallId(new_id(request.now)),
        account_id=request.account_id,
        direction=Direction.OUTGOING,
        status=CallStatus.DIALING,
        source=caller,
        destination=callee.address,
        created_at=request.now,
    )
    return show(request.asked, "Call", show_call(request.asked, call, None), status=201)


def _check(name: str, number: str, table: Table, *, otherwise: Bad | None = None) -> None:
    """`otherwise` is what is wrong with numbers that are not in the table."""
    bad = table.get(number, otherwise)
    if bad is not None:
        raise invalid(name, f"{bad.says}: {number[:40]}", reason=bad.reason)


def show_http_exception(request: AnyRequest, fault: HTTPException) -> Response[bytes]:
    """Whatever else is asked for is refused, and what is at no path with it."""
    if isinstance(fault, NotFoundException) or fault.status_code == 405:
        refusal = NotPermitted("Resource not accessible with Test Account Credentials", reason="TEST_CREDENTIALS")
        return errors.show_refusal(request, refusal)
    return errors.show_http_exception(request, fault)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {**errors.EXCEPTION_HANDLERS, HTTPException: show_http_exception}

router = Router("/Accounts/{account_sid:str}", route_handlers=[buy_number, send_message, place_call])
