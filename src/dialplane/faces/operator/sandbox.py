"""The sandbox's strings: messages from and to the simulated PSTN, the billing clock, the carrier's manners."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post, put
from litestar.params import FromQuery, JSONBody

from dialplane.domain.calling.routing import Refused
from dialplane.domain.errors import Conflict, NotFound
from dialplane.faces.moments import read_moment
from dialplane.faces.operator.answers import posting, refusals, shown
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.voipbin.messages import Message
from dialplane.services import settings
from dialplane.services.messaging import sandbox_messages
from dialplane.services.messaging.inbound_messages import MessageRefused
from dialplane.services.messaging.message_store import SandboxMessage
from dialplane.services.settings import CarrierSwitch
from dialplane.services.shapes.messages import message_shape


class InboundText(msgspec.Struct, rename={"source": "from"}):
    """A message as somebody outside sends it."""

    source: str
    to: str
    text: str = ""
    media: list[str] = []


class ShownText(msgspec.Struct, rename={"source": "from"}):
    """A message as the simulated carrier was given it."""

    id: UUID
    source: str
    to: str
    text: str
    media: list[str]
    segments: int
    created_at: datetime


class ShownTexts(msgspec.Struct):
    messages: list[ShownText]


class ShownClock(msgspec.Struct):
    now: datetime


class Clock(msgspec.Struct):
    now: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None = None
    """A time with a zone; null sets the clock back to the wall."""


class Carrier(msgspec.Struct):
    next: CarrierSwitch


@post("/messages", responses=posting(404) | shown(Message, 201))
async def inject_message(request: OperatorRequest, data: JSONBody[InboundText]) -> dict[str, object]:
    """Let a message arrive at one of the platform's numbers."""
    arrived = await sandbox_messages.inject_message(
        request.database,
        source=data.source,
        destination=data.to,
        text=data.text,
        medias=tuple(data.media),
        now=request.now,
    )
    if isinstance(arrived, MessageRefused):
        kind = NotFound if arrived.refused is Refused.UNKNOWN_NUMBER else Conflict
        raise kind(arrived.reason, reason=arrived.refused.name, field="to")
    return message_shape(arrived)


@get("/messages", responses=refusals())
async def list_sent_messages(request: OperatorRequest, to: FromQuery[str] = "") -> ShownTexts:
    """What the platform sent out, newest first; to one number where `to` is given."""
    sent = await sandbox_messages.list_sent_messages(request.database, to=to)
    return ShownTexts([show_sent(message) for message in sent])


def show_sent(message: SandboxMessage) -> ShownText:
    return ShownText(
        id=message.id,
        source=message.source,
        to=message.destination,
        text=message.text,
        media=list(message.medias),
        segments=message.segments,
        created_at=message.created_at,
    )


@put("/clock", responses=refusals(413))
async def set_clock(request: OperatorRequest, data: JSONBody[Clock]) -> ShownClock:
    """Move the clock of renewals, grace, quarantine and reservations; it runs on from there."""
    wanted = None if data.now is None else read_moment(data.now, field="now")
    return ShownClock(await settings.set_clock(request.database, wanted, now=request.now))


@get("/clock", responses=refusals())
async def read_clock(request: OperatorRequest) -> ShownClock:
    """What the billing clock shows."""
    return ShownClock(await settings.read_clock(request.database, now=request.now))


@put("/carrier", responses=refusals(413))
async def set_carrier(request: OperatorRequest, data: JSONBody[Carrier]) -> Carrier:
    """How the simulated carrier treats orders, until set back to `ok`."""
    await settings.set_carrier_switch(request.database, data.next)
    return data


@get("/carrier", responses=refusals())
async def read_carrier(request: OperatorRequest) -> Carrier:
    """How the simulated carrier treats orders."""
    return Carrier(await settings.read_carrier_switch(request.database))


router = Router(
    "/sandbox",
    route_handlers=[inject_message, list_sent_messages, set_clock, read_clock, set_carrier, read_carrier],
    tags=["Sandbox"],
)
