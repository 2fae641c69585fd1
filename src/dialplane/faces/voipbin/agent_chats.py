"""`/v1.0/service_agents/talk_chats`, `/talk_channels`, `/talk_messages`: agents' chats (reference 6.11).

Beyond the peer: a reaction is taken away by DELETE, and messages of all one's chats come without `chat_id`.
"""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from dialplane.domain.ids import AgentId, new_id, unless_nil
from dialplane.domain.messaging import agent_chats as domain
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.service_agents import signed_in
from dialplane.services.messaging import agent_chat_messages as messages
from dialplane.services.messaging import agent_chats as service
from dialplane.services.shapes.agent_chats import chat_message_shape, chat_shape, participant_shape


class TalkChat(msgspec.Struct):
    """`direct` is between two, `group` of those who were asked in, `talk` for every agent to read and join."""

    id: UUID
    customer_id: UUID
    type: domain.ChatType
    name: str
    detail: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class Participant(msgspec.Struct):
    """An agent's part in a chat."""

    id: UUID
    customer_id: UUID
    owner_type: Literal["agent"]
    owner_id: UUID
    chat_id: UUID
    tm_joined: str | None


class WholeTalkChat(TalkChat):
    participants: list[Participant]


class NewParticipant(msgspec.Struct):
    owner_id: UUID
    owner_type: Literal["agent"] = "agent"


class NewTalkChat(msgspec.Struct):
    """Whoever makes it is a participant too. A direct chat has one other, a group one at least."""

    type: domain.ChatType
    name: Name = ""
    detail: Detail = ""
    participants: Annotated[list[NewParticipant], msgspec.Meta(max_length=domain.MOST_PARTICIPANTS)] = []


class TalkChatChange(msgspec.Struct):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None


class TalkMedia(msgspec.Struct):
    """A `file` of the account's by its `file_id`, or a `link` by its `link_url`."""

    type: Literal["file", "link"]
    file_id: UUID | None = None
    link_url: Annotated[str, msgspec.Meta(max_length=domain.LONGEST_LINK)] = ""


class TalkReaction(msgspec.Struct):
    emoji: str
    owner_type: Literal["agent"]
    owner_id: UUID
    tm_create: str | None


class TalkMetadata(msgspec.Struct):
    reactions: list[TalkReaction]


class TalkMessage(msgspec.Struct):
    """`parent_id` is the message that it answers; nil: none."""

    id: UUID
    customer_id: UUID
    owner_type: Literal["agent"]
    owner_id: UUID
    chat_id: UUID
    parent_id: UUID
    type: Literal["normal"]
    text: str
    medias: list[TalkMedia]
    metadata: TalkMetadata
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewTalkMessage(msgspec.Struct):
    chat_id: UUID
    text: Annotated[str, msgspec.Meta(max_length=domain.LONGEST_TEXT)] = ""
    type: Literal["normal"] = "normal"
    parent_id: UUID | None = None
    medias: Annotated[list[TalkMedia], msgspec.Meta(max_length=domain.MOST_MEDIAS)] = []


_Emoji = Annotated[str, msgspec.Meta(min_length=1, max_length=domain.LONGEST_EMOJI)]


class NewReaction(msgspec.Struct):
    """An emoji, or its name."""

    emoji: _Emoji


@get("/talk_chats", responses=answers(Paged[TalkChat]))
async def list_talk_chats(request: ApiRequest, page: Paging) -> Fields:
    """The chats that one is in, newest first."""
    me = await signed_in(request)
    return show_page(
        await service.list_joined(request.database, me, before=page.before, limit=page.fetch), chat_shape, page
    )


@get("/talk_channels", responses=answers(Paged[TalkChat]))
async def list_talk_channels(request: ApiRequest, page: Paging) -> Fields:
    """The chats of type talk, whether one is in them or not, newest first."""
    me = await signed_in(request)
    return show_page(
        await service.list_channels(request.database, me, before=page.before, limit=page.fetch), chat_shape, page
    )


@post("/talk_chats", status_code=200, responses=posted(WholeTalkChat, 404))
async def create_talk_chat(request: ApiRequest, data: JSONBody[NewTalkChat]) -> Fields:
    """Begin a chat."""
    me, now = await signed_in(request), request.now
    chat = domain.AgentChat(new_id(now), me.account_id, data.type, now, data.name, data.detail)
    others = [AgentId(each.owner_id) for each in data.participants]
    return _whole(*await service.create_chat(request.database, me, chat, others))


@get("/talk_chats/{chat_id:str}", responses=answers(WholeTalkChat, 404))
async def get_talk_chat(request: ApiRequest, chat_id: FromPath[UUID]) -> Fields:
    """One chat, with those who are in it."""
    return _whole(*await service.get_chat(request.database, await signed_in(request), chat_id))


@put("/talk_chats/{chat_id:str}", responses=answers(WholeTalkChat, 404))
async def update_talk_chat(request: ApiRequest, chat_id: FromPath[UUID], data: JSONBody[TalkChatChange]) -> Fields:
    """Change its name or detail; for those who are in it."""
    me = await signed_in(request)
    changed = await service.update_chat(
        request.database, me, chat_id, name=data.name, detail=data.detail, now=request.now
    )
    return _whole(*changed)


@delete("/talk_chats/{chat_id:str}", status_code=200, responses=answers(WholeTalkChat, 404))
async def delete_talk_chat(request: ApiRequest, chat_id: FromPath[UUID]) -> Fields:
    """Take it away, for everybody in it."""
    me = await signed_in(request)
    return _whole(*await service.delete_chat(request.database, me, chat_id, request.now))


@post("/talk_chats/{chat_id:str}/join", status_code=200, responses=posted(Participant, 404))
async def join_talk_chat(request: ApiRequest, chat_id: FromPath[UUID]) -> Fields:
    """Take part in a chat of type talk."""
    me = await signed_in(request)
    return participant_shape(await service.join_chat(request.database, me, chat_id, request.now))


@get("/talk_chats/{chat_id:str}/participants", responses=answers(list[Participant], 404))
async def list_participants(request: ApiRequest, chat_id: FromPath[UUID]) -> list[Fields]:
    """Who is in it, the latest first."""
    _, participants = await service.get_chat(request.database, await signed_in(request), chat_id)
    return [participant_shape(each) for each in participants]


@post("/talk_chats/{chat_id:str}/participants", status_code=200, responses=posted(Participant, 404))
async def add_participant(request: ApiRequest, chat_id: FromPath[UUID], data: JSONBody[NewParticipant]) -> Fields:
    """Ask another agent in; for those who are in it. Whoever is in it stays."""
    me = await signed_in(request)
    added = await service.add_participant(request.database, me, chat_id, AgentId(data.owner_id), request.now)
    return participant_shape(added)


@delete(
    "/talk_chats/{chat_id:str}/participants/{participant_id:str}",
    status_code=200,
    responses=answers(Participant, 404, 409),
)
async def remove_participant(request: ApiRequest, chat_id: FromPath[UUID], participant_id: FromPath[UUID]) -> Fields:
    """Leave the chat, or take another out of it. A group that nobody is left in is deleted."""
    me = await signed_in(request)
    gone = await service.remove_participant(request.database, me, chat_id, participant_id, request.now)
    return participant_shape(gone)


@get("/talk_messages", responses=answers(Paged[TalkMessage], 404))
async def list_talk_messages(request: ApiRequest, page: Paging, chat_id: FromQuery[UUID | None] = None) -> Fields:
    """What was written in a chat, newest first; without `chat_id`, in all that one is in."""
    me = await signed_in(request)
    rows = await messages.list_messages(request.database, me, chat_id, before=page.before, limit=page.fetch)
    return show_page(rows, chat_message_shape, page)


@post("/talk_messages", status_code=200, responses=posted(TalkMessage, 404))
async def create_talk_message(request: ApiRequest, data: JSONBody[NewTalkMessage]) -> Fields:
    """Write in a chat that one is in."""
    me, now = await signed_in(request), request.now
    medias = tuple(domain.ChatMedia(each.type, unless_nil(each.file_id), each.link_url) for each in data.medias)
    parent_id = unless_nil(data.parent_id)
    message = domain.ChatMessage(new_id(now), me.account_id, data.chat_id, me.id, data.text, now, parent_id, medias)
    return chat_message_shape(await messages.write_message(request.database, me, message))


@get("/talk_messages/{talk_message_id:str}", responses=answers(TalkMessage, 404))
async def get_talk_message(request: ApiRequest, talk_message_id: FromPath[UUID]) -> Fields:
    """One message."""
    return chat_message_shape(await messages.get_message(request.database, await signed_in(request), talk_message_id))


@delete("/talk_messages/{talk_message_id:str}", status_code=200, responses=answers(TalkMessage, 404))
async def delete_talk_message(request: ApiRequest, talk_message_id: FromPath[UUID]) -> Fields:
    """Take one's own back, with all that it said."""
    me = await signed_in(request)
    return chat_message_shape(await messages.take_back(request.database, me, talk_message_id, request.now))


@post("/talk_messages/{talk_message_id:str}/reactions", status_code=200, responses=posted(TalkMessage, 404))
async def add_reaction(request: ApiRequest, talk_message_id: FromPath[UUID], data: JSONBody[NewReaction]) -> Fields:
    """React to a message; each agent once with an emoji."""
    me = await signed_in(request)
    return chat_message_shape(await messages.react(request.database, me, talk_message_id, data.emoji, request.now))


@delete("/talk_messages/{talk_message_id:str}/reactions", status_code=200, responses=answers(TalkMessage, 404))
async def remove_reaction(request: ApiRequest, talk_message_id: FromPath[UUID], emoji: FromQuery[_Emoji]) -> Fields:
    """Take one's reaction away."""
    me = await signed_in(request)
    return chat_message_shape(
        await messages.react(request.database, me, talk_message_id, emoji, request.now, wanted=False)
    )


def _whole(chat: domain.AgentChat, participants: Sequence[domain.ChatParticipant]) -> Fields:
    return {**chat_shape(chat), "participants": [participant_shape(each) for each in participants]}


router = Router(
    "/service_agents",
    route_handlers=[
        list_talk_chats,
        list_talk_channels,
        create_talk_chat,
        get_talk_chat,
        update_talk_chat,
        delete_talk_chat,
        join_talk_chat,
        list_participants,
        add_participant,
        remove_participant,
        list_talk_messages,
        create_talk_message,
        get_talk_message,
        delete_talk_message,
        add_reaction,
        remove_reaction,
    ],
    tags=["Service agents"],
)
