"""`/v1.0/messages` (reference 5.1)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain import addresses as domain
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import NIL, MessageId
from dialplane.domain.messaging.messages import MAX_DESTINATIONS, MAX_MEDIA, MAX_TEXT, MessageExtras
from dialplane.faces.voipbin.answers import Address, Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.parties import Party, read_parties, read_party
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.messaging import message_records as records
from dialplane.services.messaging import messages as service
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.shapes.messages import message_shape


class MessageTarget(msgspec.Struct):
    """One receiver. `status`: queued, sent, delivered, failed, gw_timeout, dlr_timeout, received.

    `error_code` is a number of Twilio's catalogue, 0 where nothing failed."""

    destination: Address
    status: str
    parts: int
    reason: str
    error_code: int
    tm_update: str | None


class Message(msgspec.Struct):
    """A message to one or more receivers, or one that came in."""

    id: UUID
    customer_id: UUID
    type: str
    source: Address
    targets: list[MessageTarget]
    text: str
    medias: list[str]
    direction: str
    activeflow_id: UUID
    tm_send: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Medias = Annotated[list[Annotated[str, msgspec.Meta(max_length=2048)]], msgspec.Meta(max_length=MAX_MEDIA)]


class NewMessage(msgspec.Struct):
    destinations: Annotated[list[Party], msgspec.Meta(min_length=1, max_length=MAX_DESTINATIONS)]
    text: Text
    medias: Medias = []
    pool_id: UUID = NIL
    """A sender pool, which chooses the sender where `source` is left out."""
    source: Party | None = None
    send_at: datetime | None = None
    """Within 35 days; it may be cancelled until then."""


@get("/", responses=answers(Paged[Message]))
async def list_messages(request: ApiRequest, page: Paging) -> Fields:
    """The account's messages, newest first."""
    rows = await service.list_messages(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, message_shape, page)


@post("/", status_code=200, responses=posted(Message, 402, 404))
async def create_message(request: ApiRequest, data: JSONBody[NewMessage]) -> Fields:
    """Send a message. The answer comes at once, with every target queued."""
    request.require_manager()
    wish = service.MessageRequest(
        source=_source(data),
        destinations=read_parties(data.destinations, "destinations"),
        text=data.text,
        medias=tuple(data.medias),
        key=request.idempotency_key or None,
        extras=_extras(data),
    )
    return message_shape(await send_message(request.database, request.account_id, wish, request.now))


@get("/{message_id:str}", responses=answers(Message, 404))
async def get_message(request: ApiRequest, message_id: FromPath[UUID]) -> Fields:
    """One message."""
    return message_shape(await service.get_message(request.database, request.account_id, MessageId(message_id)))


@delete("/{message_id:str}", status_code=200, responses=answers(Message, 404))
async def delete_message(request: ApiRequest, message_id: FromPath[UUID]) -> Fields:
    """Take a message out of the lists; what is queued is still sent."""
    request.require_manager()
    return message_shape(
        await service.delete_message(request.database, request.account_id, MessageId(message_id), request.now)
    )


@post("/{message_id:str}/cancel", status_code=200, responses=posted(Message, 404))
async def cancel_message(request: ApiRequest, message_id: FromPath[UUID]) -> Fields:
    """Keep a message from going out that waits for its time, or that is held."""
    request.require_manager()
    return message_shape(
        await records.cancel_message(request.database, request.account_id, MessageId(message_id), request.now)
    )


@post("/{message_id:str}/release", status_code=200, responses=posted(Message, 404))
async def release_message(request: ApiRequest, message_id: FromPath[UUID]) -> Fields:
    """Let a message go that was held because it looked like pumping."""
    request.require_manager()
    return message_shape(
        await records.release_message(request.database, request.account_id, MessageId(message_id), request.now)
    )


def _source(data: NewMessage) -> domain.Address:
    if data.source is not None:
        return read_party(data.source, "source")
    if data.pool_id == NIL:
        raise Invalid("source is needed, or pool_id", field="source")
    return domain.tel("")


def _extras(data: NewMessage) -> MessageExtras | None:
    if data.pool_id == NIL and data.send_at is None:
        return None
    if data.send_at is not None and data.send_at.tzinfo is None:
        raise Invalid("send_at names its zone: 2026-03-01T12:00:00Z", field="send_at")
    return MessageExtras(send_at=data.send_at, pool_id=None if data.pool_id == NIL else data.pool_id)


router = Router(
    "/messages",
    route_handlers=[
        list_messages,
        create_message,
        get_message,
        delete_message,
        cancel_message,
        release_message,
    ],
    tags=["Messages"],
)
