"""`/v1.0/conversations`: all messages between a number of the account and one other party (reference 5.3)."""

from typing import Literal
from uuid import UUID

import msgspec
from litestar import Router, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.ids import NIL, AgentId, ConversationId
from dialplane.faces.voipbin.answers import Address, Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.messages import Medias, Text
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.messaging import conversations as service
from dialplane.services.shapes.messages import conversation_message_shape, conversation_shape


class Conversation(msgspec.Struct, rename={"own": "self"}):
    """`self` is the account's number, `peer` the other party."""

    id: UUID
    customer_id: UUID
    owner_type: str
    owner_id: UUID
    account_id: UUID
    name: str
    detail: str
    type: str
    dialog_id: str
    own: Address
    peer: Address
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class ConversationMessage(msgspec.Struct):
    id: UUID
    customer_id: UUID
    conversation_id: UUID
    direction: str
    status: str
    reference_type: str
    reference_id: UUID
    source: Address
    destination: Address
    text: str
    medias: list[str]
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class ConversationUpdate(msgspec.Struct):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None
    owner_type: Literal["", "agent"] = "agent"
    owner_id: UUID | None = None
    """An agent, to whom the conversation is left: its messages start no flow."""


class NewConversationMessage(msgspec.Struct):
    text: Text
    medias: Medias = []


@get("/", responses=answers(Paged[Conversation]))
async def list_conversations(request: ApiRequest, page: Paging, owner_id: FromQuery[UUID | None] = None) -> Fields:
    """The account's conversations, newest first; with `owner_id`, that agent's."""
    rows = await service.list_conversations(
        request.database,
        request.account_id,
        owner_id=None if owner_id is None else AgentId(owner_id),
        before=page.before,
        limit=page.fetch,
    )
    return show_page(rows, conversation_shape, page)


@get("/{conversation_id:str}", responses=answers(Conversation, 404))
async def get_conversation(request: ApiRequest, conversation_id: FromPath[UUID]) -> Fields:
    """One conversation."""
    return conversation_shape(
        await service.get_conversation(request.database, request.account_id, ConversationId(conversation_id))
    )


@put("/{conversation_id:str}", responses=answers(Conversation, 404))
async def update_conversation(
    request: ApiRequest, conversation_id: FromPath[UUID], data: JSONBody[ConversationUpdate]
) -> Fields:
    """Change the name, the detail or the owner."""
    request.require_manager()
    changed = await service.update_conversation(
        request.database,
        request.account_id,
        ConversationId(conversation_id),
        name=data.name,
        detail=data.detail,
        owner_id=AgentId(NIL if not data.owner_type else data.owner_id) if data.owner_id is not None else None,
        now=request.now,
    )
    return conversation_shape(changed)


@post("/{conversation_id:str}/unassign", status_code=200, responses=posted(Conversation, 404))
async def unassign_conversation(request: ApiRequest, conversation_id: FromPath[UUID]) -> Fields:
    """Take the conversation from its owner: its messages start the number's flow again."""
    request.require_manager()
    changed = await service.update_conversation(
        request.database,
        request.account_id,
        ConversationId(conversation_id),
        owner_id=AgentId(NIL),
        now=request.now,
    )
    return conversation_shape(changed)


@get("/{conversation_id:str}/messages", responses=answers(Paged[ConversationMessage], 404))
async def list_conversation_messages(request: ApiRequest, conversation_id: FromPath[UUID], page: Paging) -> Fields:
    """The messages of a conversation, newest first."""
    rows = await service.list_conversation_messages(
        request.database,
        request.account_id,
        ConversationId(conversation_id),
        before=page.before,
        limit=page.fetch,
    )
    return show_page(rows, conversation_message_shape, page)


@post("/{conversation_id:str}/messages", status_code=200, responses=posted(ConversationMessage, 402, 404))
async def create_conversation_message(
    request: ApiRequest, conversation_id: FromPath[UUID], data: JSONBody[NewConversationMessage]
) -> Fields:
    """Send a message to the conversation's other party."""
    request.require_manager()
    sent = await service.post_to_conversation(
        request.database,
        request.account_id,
        ConversationId(conversation_id),
        text=data.text,
        medias=tuple(data.medias),
        key=request.idempotency_key or None,
        now=request.now,
    )
    return conversation_message_shape(sent)


router = Router(
    "/conversations",
    route_handlers=[
        list_conversations,
        get_conversation,
        update_conversation,
        unassign_conversation,
        list_conversation_messages,
        create_conversation_message,
    ],
    tags=["Messages"],
)
