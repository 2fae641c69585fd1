"""What bound systems ask of their messages, each request as its use case: submit_sm, data_sm, submit_multi, query_sm,
cancel_sm and replace_sm."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dialplane.binds.handing import handed_of, times_of
from dialplane.binds.statuses import status_of
from dialplane.domain.errors import Refusal
from dialplane.domain.messaging.messages import MAX_DESTINATIONS
from dialplane.domain.messaging.smpp_accounts import SmppAccount
from dialplane.services.messaging.short_messages import party_of
from dialplane.services.messaging.smpp_orders import (
    Named,
    Rewriting,
    cancel_all_between,
    cancel_handed,
    look_at_handed,
    replace_handed,
)
from dialplane.services.messaging.smpp_submits import Handed, take_submit
from dialplane.services.transaction import Database
from dialplane.smpp import pdu as pdus
from dialplane.smpp.addresses import Address
from dialplane.smpp.commands import Status
from dialplane.smpp.fields import PduFault
from dialplane.smpp.orders import Cancel, Query, QueryResult, Replace
from dialplane.smpp.pdu import Body, MultiMessage, MultiResult, Pdu, ShortMessage
from dialplane.smpp.times import write_time

_MOST_ERROR = 255


@dataclass(frozen=True, slots=True)
class Done:
    """The body of the answer, and what was taken with it."""

    body: Body = None
    taken: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, by which session, and when."""

    database: Database
    system: SmppAccount
    session_id: UUID
    now: datetime


def weight_of(pdu: Pdu) -> int:
    """How many messages the request is, for the rate."""
    return max(1, len(pdu.body.destinations)) if isinstance(pdu.body, MultiMessage) else 1


async def carry_out(asking: Asking, pdu: Pdu) -> Done:
    """Raises PduFault, and Refusal as the use cases do."""
    match pdu.body:
        case ShortMessage() as message:
            handed = handed_of(pdu, message, asking.session_id, asking.now)
            return _taken(await take_submit(asking.database, asking.system, handed, asking.now))
        case MultiMessage() as message:
            return await _submit_multi(asking, pdu, message)
        case Query() as query:
            return await _look(asking, query)
        case Cancel() as order:
            await _cancel(asking, order)
        case Replace() as order:
            await _replace(asking, order)
        case _:
            raise PduFault(Status.INVALID_COMMAND, f"{pdu.command.name} asks for nothing here")
    return Done()


def _taken(taken: UUID) -> Done:
    return Done(pdus.Named(taken.hex), taken)


async def _submit_multi(asking: Asking, pdu: Pdu, message: MultiMessage) -> Done:
    """To all who may have it; who may not is named in the answer, and where that is everybody nothing is sent."""
    if message.lists:
        raise PduFault(Status.INVALID_LIST_NAME, "there are no distribution lists here")
    if not 1 <= len(message.destinations) <= MAX_DESTINATIONS:
        raise PduFault(Status.INVALID_DESTINATION_COUNT, f"there are 1 to {MAX_DESTINATIONS} destinations")
    left, refused = list(message.destinations), list[tuple[Address, int]]()
    handed = handed_of(pdu, message.message, asking.session_id, asking.now)
    while True:
        try:
            taken = await take_submit(asking.database, asking.system, _to(handed, left), asking.now)
        except Refusal as refusal:
            place = _place_of(refusal)
            if place is None or len(left) == 1:
                raise
            refused.append((left.pop(place), status_of(refusal)))
        else:
            return Done(MultiResult(taken.hex, tuple(refused)), taken)


def _to(handed: Handed, addresses: list[Address]) -> Handed:
    first, *also = (party_of(each) for each in addresses)
    return replace(handed, content=replace(handed.content, destination=first), also=tuple(also))


def _place_of(refusal: Refusal) -> int | None:
    """Which destination it is about."""
    head, _, rest = refusal.field.partition("[")
    number = rest.removesuffix("]")
    return int(number) if head == "destinations" and number.isdigit() else None


async def _look(asking: Asking, query: Query) -> Done:
    named = Named(_id(query.message_id), party_of(query.source))
    found = await look_at_handed(asking.database, asking.system, named)
    final_at = write_time(found.final_at) if found.final_at else ""
    return Done(QueryResult(query.message_id, final_at, found.state, min(found.error, _MOST_ERROR)))


async def _cancel(asking: Asking, order: Cancel) -> None:
    source, destination = party_of(order.source), party_of(order.destination)
    if order.message_id:
        named = Named(_id(order.message_id), source, destination)
        await cancel_handed(asking.database, asking.system, named, asking.now)
    else:
        await cancel_all_between(asking.database, asking.system, source, destination, asking.now)


async def _replace(asking: Asking, order: Replace) -> None:
    send_at, expires_at = times_of(order.schedule, order.validity, asking.now)
    rewriting = Rewriting(order.short_message, send_at, expires_at, order.registered_delivery & 0x03)
    named = Named(_id(order.message_id), party_of(order.source))
    await replace_handed(asking.database, asking.system, named, rewriting, asking.now)


def _id(text: str) -> UUID:
    try:
        return UUID(hex=text)
    except ValueError as fault:
        raise PduFault(Status.INVALID_MESSAGE_ID, f"{text!r} is no message of ours") from fault
