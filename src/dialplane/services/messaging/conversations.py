"""Conversations as a resource: all messages between one number of the account and one other party."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dialplane.domain.addresses import PHONE, Address
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import NIL, AccountId, AgentId, ConversationId, MessageId, RunId
from dialplane.domain.messaging.messages import Conversation, ConversationMessage
from dialplane.services.eventing.events import publish
from dialplane.services.messaging.client_messages import queue_for_phone
from dialplane.services.messaging.message_limits import telling_of_limits
from dialplane.services.messaging.message_queueing import queue_message
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.rooms.agents import load_agent
from dialplane.services.shapes.messages import conversation_shape
from dialplane.services.transaction import Database, Transaction


async def list_conversations(
    database: Database,
    account_id: AccountId,
    *,
    owner_id: AgentId | None = None,
    before: datetime | None,
    limit: int,
) -> Sequence[Conversation]:
    """Newest first; those made before `before`, with `owner_id` only that agent's."""
    async with database.browsing() as tx:
        return await tx.messages.list_conversations(account_id, owner_id=owner_id, before=before, limit=limit)


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation, and its newest message."""

    conversation: Conversation
    last: ConversationMessage | None = None


async def list_threads(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> list[Thread]:
    """As `list_conversations`."""
    async with database.browsing() as tx:
        found = await tx.messages.list_conversations(account_id, owner_id=None, before=before, limit=limit)
        last = {each.conversation.id: each for each in await tx.messages.last_in(found)}
    return [Thread(each, last.get(each.id)) for each in found]


async def conversations_of(database: Database, account_id: AccountId, message_id: MessageId) -> Sequence[Conversation]:
    """Those that a message belongs to, one for each of its receivers. Raises NotFound."""
    async with database.reading() as tx:
        if await tx.messages.find(account_id, message_id) is None:
            raise NotFound("There is no such message", reason="MESSAGE_NOT_FOUND")
        return await tx.messages.conversations_of(message_id)


async def write_text(
    database: Database, account_id: AccountId, *, own: str, peer: str, text: str, key: str | None = None, now: datetime
) -> Conversation:
    """Send a text from one of the account's numbers to anybody, and find the conversation that it belongs to.

    Raises what `services.messaging.outbound_messages.send_message` raises.
    """
    async with telling_of_limits(database, now), database.transaction() as tx:
        request = MessageRequest(Address("tel", own), (Address("tel", peer),), text, key=key)
        message = await queue_message(tx, account_id, request, now)
        [conversation] = await tx.messages.conversations_of(message.id)
    return conversation


async def get_conversation(database: Database, account_id: AccountId, conversation_id: ConversationId) -> Conversation:
    """Raises NotFound."""
    async with database.reading() as tx:
        return await _find(tx, account_id, conversation_id)


async def update_conversation(
    database: Database,
    account_id: AccountId,
    conversation_id: ConversationId,
    *,
    name: str | None = None,
    detail: str | None = None,
    owner_id: AgentId | None = None,
    now: datetime,
) -> Conversation:
    """None leaves a field as it is, the nil id takes the owner away.

    Raises NotFound (of an agent too), Invalid.
    """
    async with database.transaction() as tx:
        conversation = await _find(tx, account_id, conversation_id, lock=True)
        if owner_id is not None and owner_id != NIL:
            await load_agent(tx, account_id, owner_id)
        changed = replace(
            conversation,
            name=conversation.name if name is None else _text(name, "name", 255),
            detail=conversation.detail if detail is None else _text(detail, "detail", 4096),
            owner_id=conversation.owner_id if owner_id is None else None if owner_id == NIL else owner_id,
            updated_at=now,
        )
        await tx.messages.save_conversation(changed)
        await publish(tx, Event(account_id, "conversation_updated", conversation_id, conversation_shape(changed), now))
    return changed


async def list_conversation_messages(
    database: Database,
    account_id: AccountId,
    conversation_id: ConversationId,
    *,
    before: datetime | None,
    limit: int,
) -> Sequence[ConversationMessage]:
    """Newest first.

    Raises NotFound.
    """
    async with database.reading() as tx:
        conversation = await _find(tx, account_id, conversation_id)
        return await tx.messages.list_conversation_messages(conversation, before=before, limit=limit)


async def post_to_conversation(
    database: Database,
    account_id: AccountId,
    conversation_id: ConversationId,
    *,
    text: str,
    medias: tuple[str, ...] = (),
    run_id: RunId | None = None,
    key: str | None = None,
    now: datetime,
) -> ConversationMessage:
    """Send from the conversation's own number to its peer.

    Raises NotFound, and what `services.messaging.outbound_messages.send_message` raises.
    """
    async with telling_of_limits(database, now), database.transaction() as tx:
        conversation = await _find(tx, account_id, conversation_id)
        request = MessageRequest(conversation.own, (conversation.peer,), text, medias=medias, run_id=run_id, key=key)
        queue = queue_for_phone if conversation.peer.type == PHONE else queue_message
        message = await queue(tx, account_id, request, now)
    return ConversationMessage(conversation, message, message.targets[0].status)


async def _find(
    tx: Transaction, account_id: AccountId, conversation_id: ConversationId, *, lock: bool = False
) -> Conversation:
    conversation = await tx.messages.find_conversation(account_id, conversation_id, lock=lock)
    if conversation is None:
        raise NotFound("There is no such conversation", reason="CONVERSATION_NOT_FOUND")
    return conversation


def _text(value: str, field: str, limit: int) -> str:
    if len(value) > limit or "\0" in value:
        raise Invalid(f"{field} has at most {limit} characters", field=field)
    return value
