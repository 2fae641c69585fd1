"""What agents write to each other, answer, take back and react to. Who is in a chat: `agent_chats.py` beside this."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import NotFound, NotPermitted
from dialplane.domain.messaging.agent_chats import ChatMessage
from dialplane.domain.tenancy.accounts import Agent
from dialplane.services.messaging.agent_chats import enter_chat, joined_ids, see_chat
from dialplane.services.resources import Resource
from dialplane.services.shapes.agent_chats import chat_message_shape
from dialplane.services.transaction import Database, Transaction

MESSAGES = Resource("chatmessage", lambda tx: tx.agent_chat_messages, chat_message_shape, called="talk message")


async def write_message(database: Database, me: Agent, message: ChatMessage) -> ChatMessage:
    """Raises Invalid, NotFound (CHAT_NOT_FOUND, TALK_MESSAGE_NOT_FOUND, FILE_NOT_FOUND), NotPermitted."""
    message.check()
    async with database.transaction() as tx:
        await enter_chat(tx, me, message.chat_id)
        if message.parent_id is not None:
            parent = await MESSAGES.load(tx, me.account_id, message.parent_id)
            if parent.chat_id != message.chat_id:
                raise MESSAGES.unknown()
        for media in message.medias:
            if media.file_id and await tx.stored_files.find(me.account_id, media.file_id) is None:
                raise NotFound("There is no such file", reason="FILE_NOT_FOUND", field="medias")
        return await MESSAGES.add(tx, message)


async def list_messages(
    database: Database, me: Agent, chat_id: UUID | None, *, before: datetime | None, limit: int
) -> Sequence[ChatMessage]:
    """Of one chat, or of all that the agent is in; newest first. Raises NotFound (CHAT_NOT_FOUND)."""
    async with database.reading() as tx:
        if chat_id is not None:
            await see_chat(tx, me, chat_id)
        wanted = await joined_ids(tx, me) if chat_id is None else [chat_id]
        return await tx.agent_chat_messages.list_for(me.account_id, before=before, limit=limit, chat_id=wanted)


async def get_message(database: Database, me: Agent, message_id: UUID) -> ChatMessage:
    """Raises NotFound (TALK_MESSAGE_NOT_FOUND) for one of a chat that is not for this agent too."""
    async with database.reading() as tx:
        return await _load(tx, me, message_id)


async def take_back(database: Database, me: Agent, message_id: UUID, now: datetime) -> ChatMessage:
    """One's own, with all that it said; answers to it stay. Raises NotFound, NotPermitted."""
    async with database.transaction() as tx:
        message = await _load(tx, me, message_id, lock=True)
        if message.agent_id != me.id:
            raise NotPermitted("A message is taken back by whoever wrote it")
        return await MESSAGES.drop(tx, message.taken_back(), now)


async def react(
    database: Database, me: Agent, message_id: UUID, emoji: str, now: datetime, *, wanted: bool = True
) -> ChatMessage:
    """Add one's reaction, or take it away; safe to repeat. Raises Invalid, NotFound, NotPermitted, LimitExceeded."""
    async with database.transaction() as tx:
        message = await _load(tx, me, message_id, lock=True)
        await enter_chat(tx, me, message.chat_id)
        changed = (message.reacted if wanted else message.without_reaction)(emoji, me.id, now)
        return message if changed is message else await MESSAGES.save(tx, changed, "reaction_updated", now)


async def _load(tx: Transaction, me: Agent, message_id: UUID, *, lock: bool = False) -> ChatMessage:
    message = await MESSAGES.load(tx, me.account_id, message_id, lock=lock)
    try:
        await see_chat(tx, me, message.chat_id)
    except NotFound as unseen:
        raise MESSAGES.unknown() from unseen
    return message
