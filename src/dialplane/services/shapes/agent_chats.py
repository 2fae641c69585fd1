"""Agents' chats in the native JSON form (VoIPBIN reference 6.11)."""

from dialplane.domain.messaging.agent_chats import AgentChat, ChatMedia, ChatMessage, ChatParticipant, Reaction
from dialplane.services.shapes.common import show_id, show_time

_OWNER = "agent"


def chat_shape(chat: AgentChat) -> dict[str, object]:
    return {
        "id": show_id(chat.id),
        "customer_id": show_id(chat.account_id),
        "type": chat.type.value,
        "name": chat.name,
        "detail": chat.detail,
        "tm_create": show_time(chat.created_at),
        "tm_update": show_time(chat.updated_at),
        "tm_delete": show_time(chat.deleted_at),
    }


def participant_shape(participant: ChatParticipant) -> dict[str, object]:
    return {
        "id": show_id(participant.id),
        "customer_id": show_id(participant.account_id),
        "owner_type": _OWNER,
        "owner_id": show_id(participant.agent_id),
        "chat_id": show_id(participant.chat_id),
        "tm_joined": show_time(participant.created_at),
    }


def chat_message_shape(message: ChatMessage) -> dict[str, object]:
    return {
        "id": show_id(message.id),
        "customer_id": show_id(message.account_id),
        "owner_type": _OWNER,
        "owner_id": show_id(message.agent_id),
        "chat_id": show_id(message.chat_id),
        "parent_id": show_id(message.parent_id),
        "type": "normal",
        "text": message.text,
        "medias": [_media(each) for each in message.medias],
        "metadata": {"reactions": [_reaction(each) for each in message.reactions]},
        "tm_create": show_time(message.created_at),
        "tm_update": show_time(message.updated_at),
        "tm_delete": show_time(message.deleted_at),
    }


def _media(media: ChatMedia) -> dict[str, object]:
    return {"type": media.type, "file_id": show_id(media.file_id), "link_url": media.link_url}


def _reaction(reaction: Reaction) -> dict[str, object]:
    return {
        "emoji": reaction.emoji,
        "owner_type": _OWNER,
        "owner_id": show_id(reaction.agent_id),
        "tm_create": show_time(reaction.created_at),
    }
