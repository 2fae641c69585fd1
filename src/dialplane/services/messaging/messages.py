"""Messages that an account sends and holds. The carrier is in `message_sending`, the way in in `inbound_messages`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Literal

from dialplane.domain.addresses import Address, normalize_tel, tel
from dialplane.domain.calling.destinations import check_allowed, is_landline
from dialplane.domain.charging.ledger import HoldRequest
from dialplane.domain.charging.rating import NOTHING, CostType, Price
from dialplane.domain.charging.tariffs import priced_number
from dialplane.domain.errors import InsufficientBalance, Invalid, LimitExceeded, NotFound, NotPermitted
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, ConversationId, MessageId, RunId, new_id
from dialplane.domain.messaging.messages import (
    LONGEST_SCHEDULE,
    LOOP_WINDOW,
    MAX_DESTINATIONS,
    MAX_MEDIA,
    Conversation,
    ConversationMessage,
    Direction,
    Message,
    MessageExtras,
    Origin,
    Target,
    TargetStatus,
    check_text,
    is_loop,
)
from dialplane.domain.numbering.numbers import VIRTUAL_PREFIX, Number, NumberKind, NumberStatus
from dialplane.domain.programs.commands import SendMessage
from dialplane.domain.rcml.message_callbacks import message_form
from dialplane.domain.tenancy.accounts import Account, IdentityStatus
from dialplane.services.charging.ledger import hold_many, release_many
from dialplane.services.charging.rates import tariff_of
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.status_callbacks import Told, tell
from dialplane.services.messaging.media import note_media
from dialplane.services.messaging.screening import Screened, screen
from dialplane.services.messaging.segment_counts import count_parts
from dialplane.services.messaging.sender_pools import sender_of_pool
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
    encoding: Literal["", "ucs2"] = ""
    """`ucs2`: what could go in GSM 03.38 goes in UCS-2 all the same."""
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


async def send_message(database: Database, account_id: AccountId, request: MessageRequest, now: datetime) -> Message:
    """Queue a message to every destination; its price is held until the carrier took it.

    Raises Invalid, NotPermitted, InsufficientBalance, LimitExceeded (a loop between runs).
    """
    async with database.transaction() as tx:
        return await queue_message(tx, account_id, request, now)


async def queue_message(tx: Transaction, account_id: AccountId, request: MessageRequest, now: datetime) -> Message:
    """As `send_message`, inside the caller's transaction. The checks come in the documented order."""
    if not request.destinations:
        raise Invalid("destinations must not be empty", field="destinations")
    # By account: two accounts may well choose the same key.
    key = None if request.key is None else f"{account_id}:{request.key}"
    if key is not None and (known := await tx.messages.find_by_key(key)) is not None:
        return known
    text, medias = _checked_content(request)
    parts = await count_parts(tx, request.source.target, text, wide=request.encoding == "ucs2")
    send_at = _send_at(request, now)
    account = await tx.accounts.get(account_id)
    check_standing(account)
    purse = await tx.ledger.find_purse(account_id)
    called = [priced_number(destination.target) for destination in request.destinations]
    prices = await tariff_of(tx, account_id, *called)
    rates = [prices.rate(CostType.SMS, number) for number in called]
    if purse is None or not purse.covers(reduce(Price.plus, (rate.split(parts, 0) for rate in rates), NOTHING)):
        raise _broke()
    source = await _source(tx, account_id, request)
    number = await own_number(tx, account, source)
    destinations = [_checked_destination(destination, n) for n, destination in enumerate(request.destinations)]
    extras = request.extras
    if extras is None or not extras.past_consent:  # who stopped is told so wherever they are
        await _check_reach(tx, account, destinations, to_mobiles_only=request.to_mobiles_only)
    if any(destination.target == number.number for destination in destinations):
        raise Invalid("A message goes to another number than its own", reason="TO_IS_FROM", field="destinations")
    screened = await screen(
        tx,
        account_id,
        number,
        destinations,
        parts,
        send_at=send_at,
        now=now,
        past_consent=extras is not None and extras.past_consent,
        is_reply=extras is not None and extras.origin == "reply",
    )
    screened = _within_price(extras, [rate.split(parts, 0).micros for rate in rates], screened)
    message = Message(
        MessageId(new_id(now)),
        account_id,
        Direction.OUTBOUND,
        replace(source, target=number.number),
        tuple(each.target for each in screened),
        text,
        now,
        medias=medias,
        number_id=number.id,
        run_id=request.run_id,
        key=key,
        extras=extras,
    )
    holds = [
        HoldRequest(account_id, hold_key(message.id, position), rate, parts, expires_at=None)
        for position, (rate, each) in enumerate(zip(rates, screened, strict=True))
        if not each.is_refused
    ]
    if not all(await hold_many(tx, holds, now)):
        raise _broke()
    events = [Event(account_id, "message_created", message.id, message_shape(message), now, run_id=request.run_id)]
    conversations = []
    for target in message.targets:
        conversation, told = await enter_conversation(tx, message, message.source, target, now)
        if request.run_id is not None and not told_new(told):
            await _stop_loops(tx, conversation, now)
        conversations.append(conversation.id)
        events += told
    if not await tx.messages.add(message, conversations, due_at=[each.due_at for each in screened]):
        await release_many(tx, [hold.key for hold in holds], now)  # somebody else was first with the same key
        return await tx.messages.find_by_key(key or "") or message
    await note_media(tx, message, now)
    await publish(tx, *events, *_told_of_held(message, now))
    await tell_statuses(tx, [(message, target) for target in message.targets], now)
    return message


def _told_of_held(message: Message, now: datetime) -> list[Event]:
    """That an operator must look at the message first, where that is so."""
    held = next((target for target in message.targets if target.status is TargetStatus.HELD), None)
    if held is None:
        return []
    shown = message_shape(message) | {"reason": held.reason}
    return [Event(message.account_id, "message_held", message.id, shown, now, run_id=message.run_id)]


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
    draft = Conversation(ConversationId(new_id(now)), message.account_id, _party(own), _party(peer), now)
    [conversation] = await tx.messages.open_conversations([draft])
    return conversation, conversation_events(message, conversation, target, now, is_new=conversation.id == draft.id)


def _party(address: Address) -> Address:
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


def told_new(events: Sequence[Event]) -> bool:
    """Whether the conversation of these events was made just now."""
    return any(event.type == "conversation_created" for event in events)


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


def _checked_content(request: MessageRequest) -> tuple[str, tuple[str, ...]]:
    if len(request.destinations) > MAX_DESTINATIONS:
        raise Invalid(f"A message has at most {MAX_DESTINATIONS} destinations", field="destinations")
    if len(request.medias) > MAX_MEDIA:
        raise Invalid(f"A message has at most {MAX_MEDIA} media", field="medias")
    return check_text(request.text, request.medias), request.medias


def _send_at(request: MessageRequest, now: datetime) -> datetime:
    """When it goes out: its time where it has one. Raises Invalid where that is too far."""
    wanted = request.extras.send_at if request.extras else None
    if wanted is None:
        return now
    if wanted > now + LONGEST_SCHEDULE:
        raise Invalid(f"A message is sent within {LONGEST_SCHEDULE.days} days", field="send_at")
    return max(wanted, now)


def check_standing(account: Account) -> None:
    """Raises NotPermitted where the account may not send at all."""
    if not account.status.may_use:
        raise NotPermitted(f"The account is {account.status}", reason="PERMISSION_DENIED")
    if account.identity_status is not IdentityStatus.VERIFIED:
        raise NotPermitted("Sending messages needs a verified identity", reason="IDENTITY_VERIFICATION_REQUIRED")


async def _source(tx: Transaction, account_id: AccountId, request: MessageRequest) -> Address:
    """As it is named, else from the named pool."""
    pool_id = request.extras.pool_id if request.extras else None
    if request.source.target or pool_id is None:
        return request.source
    peer = _checked_destination(request.destinations[0], 0).target
    return await sender_of_pool(tx, account_id, pool_id, peer)


async def own_number(tx: Transaction, account: Account, source: Address) -> Number:
    """FRD-8: nobody sends in another's name. A channel (`mms:+1…`) is named as it is kept."""
    if ":" in source.target:
        channel = next((each.number for each in await find_channel(tx, source.target, ()) if each.number), None)
        if channel is not None and channel.account_id == account.id and channel.status is NumberStatus.ACTIVE:
            return channel
    wanted = normalize_tel(source.target, field="source")
    for number in await tx.numbers.find_live([wanted]):
        if number.account_id == account.id and number.kind not in (NumberKind.PATTERN, NumberKind.SIP):
            if number.status is not NumberStatus.ACTIVE:
                raise Invalid(f"{wanted} is {number.status}", reason="SOURCE_NOT_OWNED", field="source")
            return number
    raise Invalid(f"{wanted} is not a number of this account", reason="SOURCE_NOT_OWNED", field="source")


def _checked_destination(destination: Address, position: int) -> Address:
    field = f"destinations[{position}]"
    if destination.type not in ("tel", ""):
        raise Invalid(f"{field}: a message goes to an address of type tel", field=field)
    return replace(destination, type="tel", target=normalize_tel(destination.target, field=field))


async def _check_reach(
    tx: Transaction, account: Account, destinations: Sequence[Address], *, to_mobiles_only: bool
) -> None:
    """FRD-1. With `to_mobiles_only` messages go to landlines only where these are numbers of this platform."""
    for position, destination in enumerate(destinations):
        target, field = destination.target, f"destinations[{position}]"
        if target.startswith(VIRTUAL_PREFIX):
            continue
        check_allowed(account, target, field=field, reason="RECEIVER_ABROAD")
        if to_mobiles_only and is_landline(target) and not await tx.numbers.find_live([target]):
            raise Invalid(f"{target} is a landline, which takes no messages", reason="TO_NOT_REACHABLE", field=field)


def _within_price(extras: MessageExtras | None, prices: Sequence[int], screened: Sequence[Screened]) -> list[Screened]:
    """Each with its price in micros, held to the most that was asked for."""
    if extras is None or extras.max_price_micros is None:
        return list(screened)
    most = extras.max_price_micros
    return [_within(most, price, each) for price, each in zip(prices, screened, strict=True)]


def _within(most: int, price: int, screened: Screened) -> Screened:
    """As Twilio has it, a message that would cost too much is made and fails."""
    if price <= most or screened.is_refused:
        return screened
    target = replace(screened.target, status=TargetStatus.FAILED, reason=PRICE_REASON, error_code=PRICE_ABOVE_MAXIMUM)
    return replace(screened, target=target)


async def _stop_loops(tx: Transaction, conversation: Conversation, now: datetime) -> None:
    """SMS-7: an auto-reply to an auto-reply ends."""
    if is_loop(await tx.messages.count_from_runs(conversation.id, since=now - LOOP_WINDOW)):
        raise LimitExceeded(
            f"{conversation.own.target} and {conversation.peer.target} answer each other in a loop; stopped",
            reason="RATE_LIMIT_EXCEEDED",
        )


def _broke() -> InsufficientBalance:
    return InsufficientBalance("The balance does not cover this message", reason="INSUFFICIENT_BALANCE")


PRICE_ABOVE_MAXIMUM = 30010
PRICE_REASON = "its price is above the maximum that was asked for"

LEASE = timedelta(seconds=30)
"""Longer than a carrier's answer may take."""
