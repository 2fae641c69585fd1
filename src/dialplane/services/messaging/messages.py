"""Messages that an account sends and holds. The way out is in `outbound_messages`, the carrier in `message_sending`,
the way in in `inbound_messages`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dialplane.domain.addresses import Address, normalize_tel, tel
from dialplane.domain.errors import Invalid, NotFound, NotPermitted
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, ConversationId, MessageId, RunId, new_id
from dialplane.domain.messaging.messages import (
    Conversation,
    ConversationMessage,
    Direction,
    Message,
    MessageExtras,
    Origin,
    Target,
)
from dialplane.domain.numbering.numbers import Number, NumberKind, NumberStatus
from dialplane.domain.programs.commands import SendMessage
from dialplane.domain.rcml.message_callbacks import message_form
from dialplane.domain.tenancy.accounts import Account, IdentityStatus
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.status_callbacks import Told, tell
from dialplane.services.numbering.organization_numbers import find_channel
from dialplane.services.shapes.messages import conversation_message_shape, conversation_shape, message_shape
from dialplane.services.transaction import Database, Transaction


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """What somebody wants sent. `key` makes the second request of the same key the first one's message."""

    source: Address
    destinations: tuple[Address, ...]
    text: str
    medias: tuple[str, ...] = ()
    run_id: RunId | None = None
    key: str | None = None
    extras: MessageExtras | None = None
    to_mobiles_only: bool = False
    """Refuse a number that is known for a landline, as Twilio does (21614)."""


def message_request(
    command: SendMessage, source: Address, run_id: RunId, *, origin: Origin, key: str | None = None
) -> MessageRequest:
    """What a program's command asks for."""
    extras = MessageExtras(command.headers, command.status, origin)
    return MessageRequest(
        source, command.destinations, command.text, command.media_urls, run_id=run_id, key=key, extras=extras
    )


async def tell_statuses(tx: Transaction, changed: Sequence[tuple[Message, Target]], now: datetime) -> None:
    """Tell the status callbacks of these messages where their targets stand; nothing happens where nobody asked."""
    told = [
        Told(
            message.account_id, message.id, message.extras.status, message_form(message, target, message.extras.status)
        )
        for message, target in changed
        if message.extras is not None and message.extras.status is not None
    ]
    if told:
        await tell(tx, told, now)


async def enter_conversation(
    tx: Transaction, message: Message, own: Address, target: Target, now: datetime
) -> tuple[Conversation, list[Event]]:
    """The conversation of the message with one party, made where there is none, and the events that tell of it."""
    inbound = message.direction is Direction.INBOUND
    peer = message.source if inbound else target.destination
    parties = conversation_party(own), conversation_party(peer)
    draft = Conversation(ConversationId(new_id(now)), message.account_id, *parties, now)
    [conversation] = await tx.messages.open_conversations([draft])
    return conversation, conversation_events(message, conversation, target, now, is_new=conversation.id == draft.id)


def conversation_party(address: Address) -> Address:
    """Without a name, which may differ from message to message."""
    return Address(address.type, address.target) if address.type == "extension" else tel(address.target)


def conversation_events(
    message: Message, conversation: Conversation, target: Target, now: datetime, *, is_new: bool
) -> list[Event]:
    """What tells of a message in its conversation, and of the conversation where the message began it."""
    shown = ConversationMessage(conversation, message, target.status)
    events = [
        Event(
            message.account_id,
            "conversation_message_created",
            conversation.id,
            conversation_message_shape(shown),
            now,
            run_id=message.run_id,
        )
    ]
    if is_new:
        created = Event(
            message.account_id, "conversation_created", conversation.id, conversation_shape(conversation), now
        )
        events.insert(0, created)
    return events


async def list_messages(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Message]:
    """Newest first; those made before `before`."""
    async with database.browsing() as tx:
        return await tx.messages.list_for(account_id, before=before, limit=limit)


async def get_message(database: Database, account_id: AccountId, message_id: MessageId) -> Message:
    """Raises NotFound."""
    async with database.reading() as tx:
        return await _find(tx, account_id, message_id)


async def delete_message(database: Database, account_id: AccountId, message_id: MessageId, now: datetime) -> Message:
    """What is queued is still sent: deleting takes it out of the lists.

    Raises NotFound.
    """
    async with database.transaction() as tx:
        message = await _find(tx, account_id, message_id, lock=True)
        await tx.messages.delete(message_id, now)
        deleted = replace(message, updated_at=now, deleted_at=now)
        await publish(tx, Event(account_id, "message_deleted", message_id, message_shape(deleted), now))
    return deleted


def hold_key(message_id: MessageId, position: int) -> str:
    """The business key of one target's hold and, with it, of its charge (LED-5)."""
    return f"sms:{message_id}:{position}"


def inbound_key(message_id: MessageId) -> str:
    """The business key of the charge for an inbound message."""
    return f"sms:{message_id}:in"


async def message_prices(database: Database, messages: Sequence[Message]) -> Mapping[MessageId, int]:
    """What was charged for them in micros, all targets together, as far as they are charged."""
    keys = {key: message.id for message in messages for key in _charge_keys(message)}
    async with database.reading() as tx:
        entries = await tx.ledger.find_entries(list(keys))
    prices: dict[MessageId, int] = {}
    for key, entry in entries.items():
        prices[keys[key]] = prices.get(keys[key], 0) - entry.amount_micros
    return prices


def _charge_keys(message: Message) -> list[str]:
    if message.direction is Direction.INBOUND:
        return [inbound_key(message.id)]
    return [hold_key(message.id, position) for position in range(len(message.targets))]


async def _find(tx: Transaction, account_id: AccountId, message_id: MessageId, *, lock: bool = False) -> Message:
    message = await tx.messages.find(account_id, message_id, lock=lock)
    if message is None:
        raise NotFound("There is no such message", reason="MESSAGE_NOT_FOUND")
    return message


def check_standing(account: Account) -> None:
    """Raises NotPermitted where the account may not send at all."""
    if not account.status.may_use:
        raise NotPermitted(f"The account is {account.status}", reason="PERMISSION_DENIED")
    if account.identity_status is not IdentityStatus.VERIFIED:
        raise NotPermitted("Sending messages needs a verified identity", reason="IDENTITY_VERIFICATION_REQUIRED")


async def own_number(tx: Transaction, account: Account, source: Address, *, inside: bool = False) -> Number:
    """FRD-8: nobody sends in another's name. A channel (`mms:+1…`) is named as it is kept; so is a SIP number, which
    writes to phones only (`inside`): to everybody else it would be a name that nobody has proved."""
    if inside or ":" in source.target:
        channel = next((each.number for each in await find_channel(tx, source.target, ()) if each.number), None)
        if channel is not None and channel.account_id == account.id and channel.status is NumberStatus.ACTIVE:
            return channel
    wanted = normalize_tel(source.target, field="source")
    return own_among(account, source, await tx.numbers.find_live([wanted]))


def own_among(account: Account, source: Address, found: Sequence[Number]) -> Number:
    """The account's number among those that `source` may name. Raises Invalid."""
    wanted = normalize_tel(source.target, field="source")
    for number in found:
        if number.account_id == account.id and number.kind not in (NumberKind.PATTERN, NumberKind.SIP):
            if number.status is not NumberStatus.ACTIVE:
                raise Invalid(f"{wanted} is {number.status}", reason="SOURCE_NOT_OWNED", field="source")
            return number
    raise Invalid(f"{wanted} is not a number of this account", reason="SOURCE_NOT_OWNED", field="source")


LEASE = timedelta(seconds=30)
"""Longer than a carrier's answer may take."""
