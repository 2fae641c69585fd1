"""What systems ask about messages that they handed over by SMPP: how one stands, to keep it back, to change it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.messaging.alphabets import alphabet_of, read_text
from dialplane.domain.messaging.messages import Message, MessageExtras, Target
from dialplane.domain.messaging.network_errors import error_of
from dialplane.domain.messaging.smpp_accounts import SmppAccount
from dialplane.services.messaging.message_limits import telling_of_limits
from dialplane.services.messaging.message_queueing import queue_message
from dialplane.services.messaging.message_records import cancel_in
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.messaging.smpp_deliveries import owe_receipts, state_of
from dialplane.services.messaging.smpp_store import Taken
from dialplane.services.messaging.smpp_submits import cancel_between
from dialplane.services.transaction import Database, Transaction
from dialplane.smpp.receipts import State


@dataclass(frozen=True, slots=True)
class Named:
    """A message by the id that the system was given. Empty parties are not compared."""

    taken_id: UUID
    source: str
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """`final_at` is None while the message is under way."""

    state: State
    final_at: datetime | None = None
    error: int = 0


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What a message is to be instead. Times that are None stay as they were."""

    octets: bytes
    """In the alphabet of the message that is replaced: the request names none (SMPP 3.4 section 4.10)."""
    send_at: datetime | None
    expires_at: datetime | None
    wanted: int
    """registered_delivery."""


async def look_at_handed(database: Database, system: SmppAccount, named: Named) -> Standing:
    """Of several receivers the one that is not through yet; a message of which parts are missing is under way.

    Raises NotFound, Invalid for another source than the message's.
    """
    async with database.transaction() as tx:
        taken = await _taken(tx, system, named)
        if taken.message_id is None:
            return Standing(State.ENROUTE)
        message = await _message(tx, system, taken)
    return min(map(_standing, message.targets), key=lambda each: each.final_at is not None)


async def cancel_handed(database: Database, system: SmppAccount, named: Named, now: datetime) -> None:
    """Keep a message back that waits for its time, or the parts of one that is not whole.

    Raises NotFound, Invalid, Conflict where it has gone out.
    """
    async with database.transaction() as tx:
        taken = await _taken(tx, system, named)
        if taken.message_id is not None:
            await cancel_in(tx, await _message(tx, system, taken), now)
        elif taken.part_of is not None:
            await tx.smpp.drop_parts(system.id, taken.part_of)


async def cancel_all_between(
    database: Database, system: SmppAccount, source: str, destination: str, now: datetime
) -> Sequence[Message]:
    """Raises Conflict where nothing waits."""
    async with database.transaction() as tx:
        cancelled = await cancel_between(tx, system, source, destination, now)
    if not cancelled:
        raise Conflict("No message to the party waits for its time", reason="MESSAGE_NOT_SCHEDULED")
    return cancelled


async def replace_handed(
    database: Database, system: SmppAccount, named: Named, rewriting: Rewriting, now: datetime
) -> None:
    """Another text, and other times, for a message that waits for its time: the first one is cancelled and paid back,
    and the system knows the new one by the same id.

    Raises NotFound, Conflict where it has gone out or came in parts, and what `send_message` does.
    """
    async with telling_of_limits(database, now), database.transaction() as tx:
        taken = await _taken(tx, system, named)
        if taken.message_id is None or taken.part_of is not None:
            raise Conflict("A message in parts cannot be replaced", reason="MESSAGE_NOT_SCHEDULED")
        message = await _message(tx, system, taken)
        await tx.smpp.turn_into(taken.id, None, wanted=0)  # its end is told to nobody
        await cancel_in(tx, message, now)
        request = _request(message, rewriting, taken.data_coding)
        made = await queue_message(tx, system.account_id, request, now)
        await tx.smpp.turn_into(taken.id, made.id, wanted=rewriting.wanted)
        await owe_receipts(tx, made, range(len(made.targets)), now)


def _request(message: Message, rewriting: Rewriting, coding: int) -> MessageRequest:
    extras = message.extras or MessageExtras()
    try:
        text = read_text(rewriting.octets, alphabet_of(coding))
    except ValueError as fault:
        raise Invalid(str(fault), field="text") from fault
    return MessageRequest(
        Address("tel", message.source.target),
        tuple(target.destination for target in message.targets),
        text,
        extras=replace(
            extras,
            send_at=rewriting.send_at or extras.send_at,
            expires_at=rewriting.expires_at or extras.expires_at,
            owes_receipts=True,
        ),
    )


def _standing(target: Target) -> Standing:
    state = state_of(target.status)
    if state is State.ENROUTE:
        return Standing(state)
    return Standing(state, target.updated_at, error_of(target.error_code))


async def _taken(tx: Transaction, system: SmppAccount, named: Named) -> Taken:
    taken = await tx.smpp.find_taken(system.id, named.taken_id)
    if taken is None:
        raise _unknown()
    if named.source and named.source != taken.source:
        raise Invalid("The message is of another source", field="source")
    if named.destination and named.destination != taken.destination:
        raise Invalid("The message is to another party", field="destinations[0]")
    return taken


async def _message(tx: Transaction, system: SmppAccount, taken: Taken) -> Message:
    found = None
    if taken.message_id is not None:
        found = await tx.messages.find(system.account_id, taken.message_id, lock=True)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> NotFound:
    return NotFound("There is no such message", reason="MESSAGE_NOT_FOUND")
