"""Messages as their account looks at them later: searched, priced, redacted, and cancelled while they wait."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, MessageId
from dialplane.domain.messaging.message_queries import MessageQuery
from dialplane.domain.messaging.messages import Direction, Message, TargetStatus
from dialplane.services.charging.ledger import release_many
from dialplane.services.eventing.events import publish
from dialplane.services.messaging.message_sending import tell_of_target
from dialplane.services.messaging.messages import hold_key
from dialplane.services.shapes.messages import message_shape
from dialplane.services.transaction import Database, Transaction


async def find_messages(database: Database, query: MessageQuery) -> tuple[Sequence[Message], int]:
    """One page of those that fit, and how many fit in all."""
    async with database.reading() as tx:
        return await tx.messages.search(query)


async def message_prices(database: Database, messages: Sequence[Message]) -> Mapping[MessageId, int]:
    """Micros of credit, of those that were charged, all receivers together."""
    keys = {key: message.id for message in messages for key in _charge_keys(message)}
    if not keys:
        return {}
    async with database.reading() as tx:
        entries = await tx.ledger.find_entries(list(keys))
    prices: dict[MessageId, int] = {}
    for key, entry in entries.items():
        prices[keys[key]] = prices.get(keys[key], 0) - entry.amount_micros
    return prices


async def redact_message(database: Database, account_id: AccountId, message_id: MessageId, now: datetime) -> Message:
    """Take the text away for good; everything else stays.

    Raises NotFound, Conflict while it waits to be sent.
    """
    async with database.transaction() as tx:
        message = await _find(tx, account_id, message_id)
        if message.is_waiting:
            raise Conflict("A message can be redacted once it has gone out", reason="MESSAGE_NOT_COMPLETE")
        await tx.messages.redact(message_id, now)
        redacted = replace(message, text="", updated_at=now)
        await publish(tx, Event(account_id, "message_updated", message_id, message_shape(redacted), now))
    return redacted


async def cancel_message(database: Database, account_id: AccountId, message_id: MessageId, now: datetime) -> Message:
    """Keep a scheduled message from going out, and give its money back.

    Raises NotFound, Conflict where nothing of it waits for its time.
    """
    async with database.transaction() as tx:
        return await cancel_in(tx, await _find(tx, account_id, message_id), now)


async def cancel_in(tx: Transaction, message: Message, now: datetime) -> Message:
    """As `cancel_message`; the message is locked. Targets that no longer wait stay as they are."""
    waiting = await tx.messages.cancel_waiting(message.id, now)
    if not waiting:
        raise Conflict("Only a message that waits for its time can be cancelled", reason="MESSAGE_NOT_SCHEDULED")
    await release_many(tx, [hold_key(message.id, position) for position in waiting], now)
    for position in waiting:
        target = replace(message.targets[position], status=TargetStatus.CANCELED, updated_at=now)
        message = await tell_of_target(tx, message, position, target, None, now)
    return message


async def release_message(database: Database, account_id: AccountId, message_id: MessageId, now: datetime) -> Message:
    """Let go what was held as pumping: somebody has looked at it.

    Raises NotFound, Conflict where nothing of it is held.
    """
    async with database.transaction() as tx:
        message = await _find(tx, account_id, message_id)
        if not any(target.status is TargetStatus.HELD for target in message.targets):
            raise Conflict("The message is not held", reason="MESSAGE_NOT_HELD")
        for position, held in enumerate(message.targets):
            if held.status is TargetStatus.HELD:
                target = replace(held, status=TargetStatus.SCHEDULED, reason="", updated_at=now)
                message = await tell_of_target(tx, message, position, target, None, now)
    return message


def _charge_keys(message: Message) -> list[str]:
    if message.direction is Direction.INBOUND:
        return [f"sms:{message.id}:in"]
    return [hold_key(message.id, position) for position in range(len(message.targets))]


async def _find(tx: Transaction, account_id: AccountId, message_id: MessageId) -> Message:
    message = await tx.messages.find(account_id, message_id, lock=True)
    if message is None:
        raise NotFound("There is no such message", reason="MESSAGE_NOT_FOUND")
    return message
