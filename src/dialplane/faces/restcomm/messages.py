"""`SMS/Messages`, and Twilio's `Messages`: sent, shown, redacted, cancelled, deleted (reference 4.7)."""

from dataclasses import replace

from litestar import Response, Router, delete, get, post, route
from litestar.exceptions import MethodNotAllowedException
from litestar.params import FromPath

from dialplane.domain.addresses import Address, is_tel
from dialplane.domain.calling.call_queries import MAX_OFFSET, Period
from dialplane.domain.calling.routing import forms
from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.ids import ApplicationId, MessageId
from dialplane.domain.messaging.message_queries import MessageOrdering, MessageQuery
from dialplane.domain.messaging.messages import Message, TargetStatus
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.rcml.message_callbacks import SENDING, statuses_of
from dialplane.faces.restcomm.call_forms import LONGEST_PARTY, read_application
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.filters import read_days, read_order, read_times
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.message_forms import (
    NAMES,
    REASONS,
    read_body,
    read_change,
    read_extras,
    read_from,
    read_medias,
    read_pool,
    read_status,
    read_to,
)
from dialplane.faces.restcomm.message_shapes import show_message
from dialplane.faces.restcomm.paging import Collection, Listed, Page, read_page, show_list
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest, phone_text
from dialplane.services.messaging import message_records as records
from dialplane.services.messaging import messages as service
from dialplane.services.messaging.client_messages import send_to_anybody
from dialplane.services.numbering.applications import get_application

MESSAGES = Collection("SMSMessages", "SMSMessage", "messages", "messages", prefix="SM", other_prefix="MM")
TWILIO_MESSAGES = Collection("Messages", "Message", "messages", "messages", prefix="SM", other_prefix="MM")

_ORDERINGS = {
    "datecreated": MessageOrdering.CREATED,
    "from": MessageOrdering.SOURCE,
    "to": MessageOrdering.DESTINATION,
    "direction": MessageOrdering.DIRECTION,
    "status": MessageOrdering.STATUS,
    "body": MessageOrdering.TEXT,
    "price": MessageOrdering.PRICE,
}
_ORDERING_NAMES = "DateCreated, From, To, Direction, Status, Body or Price"
_STATUSES = "queued, sending, sent, failed, received, delivered or undelivered"
_LONGEST_TEXT = 1600


@get("/")
async def list_messages(request: RestcommRequest) -> Response[bytes]:
    """The account's messages that fit the filters, newest first."""
    collection = TWILIO_MESSAGES if request.dialect.is_twilio else MESSAGES
    page = read_page(request, collection)
    found, total = await records.find_messages(request.database, _read_query(request, page))
    shown = found[: page.size]
    prices = await records.message_prices(request.database, shown)
    rows = [show_message(request.asked, message, prices.get(message.id)) for message in shown]
    return show_list(request, collection, Listed(rows, total, more_follow=len(found) > page.size), page)


@post("/", status_code=200)
async def create_message(request: RestcommRequest) -> Response[bytes]:
    """Send a message; the answer comes at once, with the message queued."""
    parameters, country, is_twilio = request.parameters, request.account.home_country, request.dialect.is_twilio
    destination = read_to(parameters, country, clients=not is_twilio)
    source = read_from(parameters, country, clients=not is_twilio)
    pool_id = read_pool(parameters) if is_twilio else None
    if source is None and pool_id is None:
        raise invalid("From", "is needed", reason="MESSAGE_FROM_MISSING")
    extras = read_extras(parameters, request.dialect, await _read_status(request), request.now)
    medias = read_medias(parameters) if is_twilio else ()
    wish = service.MessageRequest(
        source=source or Address("tel", ""),
        destinations=(destination,),
        text=read_body(parameters, medias),
        medias=medias,
        extras=replace(extras, pool_id=pool_id),
        to_mobiles_only=is_twilio,
    )
    with naming(NAMES, REASONS):
        message = await send_to_anybody(request.database, request.account_id, wish, request.now)
    return await _shown(request, message, status=request.dialect.created)


@get("/{message_sid:str}")
async def get_message(request: RestcommRequest, message_sid: FromPath[str]) -> Response[bytes]:
    """One message."""
    return await _shown(
        request, await service.get_message(request.database, request.account_id, message_id_of(message_sid))
    )


@route("/{message_sid:str}", http_method=["POST", "PUT"], status_code=200)
async def change_message(request: RestcommRequest, message_sid: FromPath[str]) -> Response[bytes]:
    """Take the body away, or keep a scheduled message from going out (Twilio's)."""
    _twilio_only(request)
    change = {"redact": records.redact_message, "cancel": records.cancel_message}[read_change(request.parameters)]
    return await _shown(
        request, await change(request.database, request.account_id, message_id_of(message_sid), request.now)
    )


@delete("/{message_sid:str}", status_code=204)
async def delete_message(request: RestcommRequest, message_sid: FromPath[str]) -> None:
    """Take a message out of the lists, once it has gone out (Twilio's)."""
    _twilio_only(request)
    message = await service.get_message(request.database, request.account_id, message_id_of(message_sid))
    if message.is_waiting:
        raise Conflict("A message can be deleted once it has gone out", reason="MESSAGE_NOT_COMPLETE")
    await service.delete_message(request.database, request.account_id, message.id, request.now)


def _read_query(request: RestcommRequest, page: Page) -> MessageQuery:
    """Raises Invalid naming the parameter."""
    filters, is_twilio = request.filters, request.dialect.is_twilio
    ordering, descending = MessageOrdering.CREATED, True
    if not is_twilio:
        ordering, descending = read_order(filters, _ORDERINGS, ordering, _ORDERING_NAMES)
    goes_on = ordering is MessageOrdering.CREATED and page.after is not None
    offset = page.offset if goes_on else page.number * page.size
    if offset > MAX_OFFSET:
        raise invalid("Page", f"leads beyond the first {MAX_OFFSET} messages: narrow the list, or follow its pages")
    return MessageQuery(
        request.account_id,
        source=_party(filters, "From", request.account.home_country),
        destination=_party(filters, "To", request.account.home_country),
        statuses=_read_statuses(filters),
        text=filters.text("Body", longest=_LONGEST_TEXT),
        sent=Period(*(read_times(filters, "DateSent") if is_twilio else read_days(filters))),
        ordering=ordering,
        descending=descending,
        after=MessageId(page.after) if goes_on and page.after is not None else None,
        offset=offset,
        limit=page.size + 1,
    )


def _read_statuses(filters: Parameters) -> tuple[TargetStatus, ...]:
    word = filters.text("Status").lower()
    if not word:
        return ()
    found = (TargetStatus.QUEUED,) if word == SENDING else statuses_of(word)
    if not found:
        raise invalid("Status", f"is one of {_STATUSES}")
    return found


def _party(filters: Parameters, name: str, country: str) -> str:
    """A number in its normal form; anything else as it is kept."""
    text = phone_text(filters.text(name, longest=LONGEST_PARTY))
    return next((form for form in forms(text, country) if is_tel(form)), text) if text else ""


async def _read_status(request: RestcommRequest) -> StatusCallback | None:
    """`StatusCallback` or, where there is none, that of `ApplicationSid` (Twilio)."""
    status = read_status(request.parameters, request.dialect)
    application_id = read_application(request.parameters) if request.dialect.is_twilio else None
    if status is not None or application_id is None:
        return status
    try:
        application = await get_application(request.database, request.account_id, ApplicationId(application_id))
    except NotFound as refusal:
        raise invalid("ApplicationSid", "is no application", reason="APPLICATION_NOT_FOUND") from refusal
    url = application.message_status_url or application.sms_status_url
    return StatusCallback(url, api_version=request.dialect.api_version) if url else None


def message_id_of(sid: str) -> MessageId:
    """Raises NotFound where it is no sid of a message."""
    found = read_sid("SM", sid) or read_sid("MM", sid)
    if found is None:
        raise NotFound("There is no such message", reason="MESSAGE_NOT_FOUND")
    return MessageId(found)


def _twilio_only(request: RestcommRequest) -> None:
    if not request.dialect.is_twilio:
        raise MethodNotAllowedException


async def _shown(request: RestcommRequest, message: Message, *, status: int = 200) -> Response[bytes]:
    prices = await records.message_prices(request.database, [message])
    members = show_message(request.asked, message, prices.get(message.id))
    return show(request.asked, _element(request), members, status=status)


def _element(request: RestcommRequest) -> str:
    return (TWILIO_MESSAGES if request.dialect.is_twilio else MESSAGES).item


_HANDLERS = [list_messages, create_message, get_message, change_message, delete_message]
router = Router("/Accounts/{account_sid:str}/Messages", route_handlers=_HANDLERS, opt={RESOURCE: "Messages"})
sms_router = Router("/Accounts/{account_sid:str}/SMS/Messages", route_handlers=_HANDLERS, opt={RESOURCE: "Messages"})
