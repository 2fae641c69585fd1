"""Agents' chats among themselves: who is in them. What they write: `services/messaging/agent_chat_messages.py`.

A chat that an agent may not see answers as one that there is not. Chats of type talk are for every agent of the account
to read, and for those who joined to write in.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import Conflict, Invalid, LimitExceeded, NotFound, NotPermitted
from dialplane.domain.ids import AgentId, new_id
from dialplane.domain.messaging.agent_chats import (
    MOST_JOINED,
    MOST_PARTICIPANTS,
    AgentChat,
    ChatParticipant,
    ChatType,
)
from dialplane.domain.tenancy.accounts import Agent
from dialplane.services.resources import Resource
from dialplane.services.rooms.agents import load_agent
from dialplane.services.shapes.agent_chats import chat_shape, participant_shape
from dialplane.services.transaction import Database, Transaction

CHATS = Resource("chat", lambda tx: tx.agent_chats, chat_shape, field="chat_id")
PARTICIPANTS = Resource(
    "chatparticipant", lambda tx: tx.agent_chat_participants, participant_shape, called="participant"
)


async def create_chat(
    database: Database, me: Agent, chat: AgentChat, others: Sequence[AgentId]
) -> tuple[AgentChat, Sequence[ChatParticipant]]:
    """Whoever makes it is in it. Raises Invalid, NotFound (AGENT_NOT_FOUND), LimitExceeded."""
    wanted = list(dict.fromkeys(each for each in others if each != me.id))
    if chat.type is ChatType.DIRECT and len(wanted) != 1:
        raise Invalid("A direct chat is with one other agent", field="participants")
    if chat.type is ChatType.GROUP and not wanted:
        raise Invalid("A group has one other agent at least", field="participants")
    now = chat.created_at
    async with database.transaction() as tx:
        await CHATS.add(tx, chat)
        for agent_id in (me.id, *wanted):
            await _add(tx, chat, agent_id, now)
        return chat, await _participants(tx, chat)


async def list_joined(database: Database, me: Agent, *, before: datetime | None, limit: int) -> Sequence[AgentChat]:
    """Those that the agent takes part in, newest first."""
    async with database.reading() as tx:
        wanted = await joined_ids(tx, me)
        return await tx.agent_chats.list_for(me.account_id, before=before, limit=limit, id=wanted)


async def list_channels(database: Database, me: Agent, *, before: datetime | None, limit: int) -> Sequence[AgentChat]:
    """Those that every agent of the account may join, newest first."""
    return await CHATS.list_for(database, me.account_id, before=before, limit=limit, type=ChatType.TALK)


async def get_chat(database: Database, me: Agent, chat_id: UUID) -> tuple[AgentChat, Sequence[ChatParticipant]]:
    """Raises NotFound."""
    async with database.reading() as tx:
        chat, _ = await see_chat(tx, me, chat_id)
        return chat, await _participants(tx, chat)


async def update_chat(
    database: Database, me: Agent, chat_id: UUID, *, name: str | None, detail: str | None, now: datetime
) -> tuple[AgentChat, Sequence[ChatParticipant]]:
    """Raises NotFound, NotPermitted."""
    async with database.transaction() as tx:
        old = await enter_chat(tx, me, chat_id, lock=True)
        new = replace(
            old,
            name=old.name if name is None else name,
            detail=old.detail if detail is None else detail,
            updated_at=now,
        )
        return await CHATS.save(tx, new, "updated", now), await _participants(tx, new)


async def delete_chat(
    database: Database, me: Agent, chat_id: UUID, now: datetime
) -> tuple[AgentChat, Sequence[ChatParticipant]]:
    """For everybody in it, with what was written. Raises NotFound, NotPermitted."""
    async with database.transaction() as tx:
        chat = await enter_chat(tx, me, chat_id, lock=True)
        participants = await _participants(tx, chat)
        # At the very time of the chat's end: whoever was in it then is told of it.
        await tx.agent_chat_participants.save(*(replace(each, updated_at=now, deleted_at=now) for each in participants))
        return await CHATS.drop(tx, chat, now), participants


async def add_participant(
    database: Database, me: Agent, chat_id: UUID, agent_id: AgentId, now: datetime
) -> ChatParticipant:
    """By somebody who is in it; safe to repeat.

    Raises NotFound (CHAT_NOT_FOUND, AGENT_NOT_FOUND), NotPermitted, Conflict for a direct chat, LimitExceeded.
    """
    if agent_id == me.id:
        return await join_chat(database, me, chat_id, now)
    async with database.transaction() as tx:
        chat = await enter_chat(tx, me, chat_id, lock=True)
        if chat.type is ChatType.DIRECT:
            raise Conflict("A direct chat stays between the two", reason="STATE_INVALID")
        return await _find(tx, chat, agent_id) or await _add(tx, chat, agent_id, now)


async def join_chat(database: Database, me: Agent, chat_id: UUID, now: datetime) -> ChatParticipant:
    """Safe to repeat, and without effect where one is in it. Raises NotFound, LimitExceeded."""
    async with database.transaction() as tx:
        chat, own = await see_chat(tx, me, chat_id, lock=True)
        return own or await _add(tx, chat, me.id, now)


async def remove_participant(
    database: Database, me: Agent, chat_id: UUID, participant_id: UUID, now: datetime
) -> ChatParticipant:
    """Oneself, or somebody else by somebody who is in it. A group that nobody is left in is deleted.

    Raises NotFound (CHAT_NOT_FOUND, PARTICIPANT_NOT_FOUND), NotPermitted, Conflict for a direct chat.
    """
    async with database.transaction() as tx:
        chat = await enter_chat(tx, me, chat_id, lock=True)
        if chat.type is ChatType.DIRECT:
            raise Conflict("A direct chat stays between the two", reason="STATE_INVALID")
        leaving = await PARTICIPANTS.load(tx, me.account_id, participant_id)
        if leaving.chat_id != chat.id:
            raise PARTICIPANTS.unknown()
        gone = replace(leaving, updated_at=now, deleted_at=now)
        await tx.agent_chat_participants.save(gone)
        await PARTICIPANTS.tell(tx, "removed", gone, now)
        if chat.type is ChatType.GROUP and not await _participants(tx, chat):
            await CHATS.drop(tx, chat, now)
        return gone


# --- for use cases that compose ------------------------------------------------------------------------------------


async def see_chat(
    tx: Transaction, me: Agent, chat_id: UUID, *, lock: bool = False
) -> tuple[AgentChat, ChatParticipant | None]:
    """The chat, and one's part in it. Raises NotFound (CHAT_NOT_FOUND) for one that is not for this agent."""
    chat = await CHATS.load(tx, me.account_id, chat_id, lock=lock)
    own = await _find(tx, chat, me.id)
    if own is None and chat.type is not ChatType.TALK:
        raise CHATS.unknown()
    return chat, own


async def enter_chat(tx: Transaction, me: Agent, chat_id: UUID, *, lock: bool = False) -> AgentChat:
    """A chat that the agent is in. Raises NotFound, NotPermitted where it has not joined."""
    chat, own = await see_chat(tx, me, chat_id, lock=lock)
    if own is None:
        raise NotPermitted("This is for those who have joined the chat")
    return chat


async def joined_ids(tx: Transaction, me: Agent) -> list[UUID]:
    found = await tx.agent_chat_participants.list_for(me.account_id, before=None, limit=MOST_JOINED, agent_id=me.id)
    return [each.chat_id for each in found]


async def _participants(tx: Transaction, chat: AgentChat) -> Sequence[ChatParticipant]:
    """The latest first."""
    return await tx.agent_chat_participants.list_for(
        chat.account_id, before=None, limit=MOST_PARTICIPANTS, chat_id=chat.id
    )


async def _find(tx: Transaction, chat: AgentChat, agent_id: AgentId) -> ChatParticipant | None:
    found = await tx.agent_chat_participants.list_for(
        chat.account_id, before=None, limit=1, chat_id=chat.id, agent_id=agent_id
    )
    return found[0] if found else None


async def _add(tx: Transaction, chat: AgentChat, agent_id: AgentId, now: datetime) -> ChatParticipant:
    """The chat is locked, or nobody knows of it yet."""
    try:
        await load_agent(tx, chat.account_id, agent_id)
    except NotFound as unknown:
        raise NotFound(unknown.message, reason=unknown.reason, field="owner_id") from unknown
    store = tx.agent_chat_participants
    if await store.count(chat.account_id, chat_id=chat.id) >= MOST_PARTICIPANTS:
        raise LimitExceeded(f"A chat has {MOST_PARTICIPANTS} participants at most", reason="RESOURCE_LIMIT_EXCEEDED")
    if await store.count(chat.account_id, agent_id=agent_id) >= MOST_JOINED:
        raise LimitExceeded(f"An agent is in {MOST_JOINED} chats at most", reason="RESOURCE_LIMIT_EXCEEDED")
    return await PARTICIPANTS.save(
        tx, ChatParticipant(new_id(now), chat.account_id, chat.id, agent_id, now), "added", now
    )
