"""Messages and conversations in the native JSON form (VoIPBIN reference sections 5.1 and 5.3)."""

from dialplane.domain.messaging.messages import Conversation, ConversationMessage, Message, TargetStatus
from dialplane.services.shapes.calls import address_shape
from dialplane.services.shapes.common import show_id, show_time

_WORDS = {
    TargetStatus.SCHEDULED: "queued",
    TargetStatus.HELD: "queued",
    TargetStatus.UNDELIVERED: "failed",
    TargetStatus.CANCELED: "failed",
}
"""What is told apart elsewhere and has one word in this dialect; `reason` says the rest."""


def message_shape(message: Message) -> dict[str, object]:
    return {
        "id": show_id(message.id),
        "customer_id": show_id(message.account_id),
        "type": "sms",
        "source": address_shape(message.source),
        "targets": [
            {
                "destination": address_shape(target.destination),
                "status": _WORDS.get(target.status, target.status.value),
                "parts": target.parts,
                "reason": target.reason,
                "error_code": target.error_code,
                "tm_update": show_time(target.updated_at),
            }
            for target in message.targets
        ],
        "text": message.text,
        "medias": list(message.medias),
        "direction": message.direction.value,
        "activeflow_id": show_id(message.run_id),
        "tm_send": show_time(message.extras.send_at if message.extras else None),
        "tm_create": show_time(message.created_at),
        "tm_update": show_time(message.updated_at),
        "tm_delete": show_time(message.deleted_at),
    }


def conversation_shape(conversation: Conversation) -> dict[str, object]:
    return {
        "id": show_id(conversation.id),
        "customer_id": show_id(conversation.account_id),
        "owner_type": "agent" if conversation.owner_id else "",
        "owner_id": show_id(conversation.owner_id),
        "account_id": show_id(None),
        "name": conversation.name,
        "detail": conversation.detail,
        "type": "message",
        "dialog_id": "",
        "self": address_shape(conversation.own),
        "peer": address_shape(conversation.peer),
        "tm_create": show_time(conversation.created_at),
        "tm_update": show_time(conversation.updated_at),
        "tm_delete": show_time(conversation.deleted_at),
    }


_STATUSES = {
    TargetStatus.SCHEDULED: "progressing",
    TargetStatus.HELD: "progressing",
    TargetStatus.CANCELED: "failed",
    TargetStatus.UNDELIVERED: "failed",
    TargetStatus.QUEUED: "progressing",
    TargetStatus.SENT: "progressing",
    TargetStatus.GW_TIMEOUT: "failed",
    TargetStatus.DLR_TIMEOUT: "done",
    TargetStatus.FAILED: "failed",
    TargetStatus.RECEIVED: "done",
    TargetStatus.DELIVERED: "done",
}


def conversation_message_shape(shown: ConversationMessage) -> dict[str, object]:
    """Its id is that of the message: the two are one thing, seen from two sides."""
    conversation, message = shown.conversation, shown.message
    incoming = shown.direction.value == "incoming"
    return {
        "id": show_id(message.id),
        "customer_id": show_id(message.account_id),
        "conversation_id": show_id(conversation.id),
        "direction": shown.direction.value,
        "status": _STATUSES[shown.status],
        "reference_type": "message",
        "reference_id": show_id(message.id),
        "source": address_shape(conversation.peer if incoming else conversation.own),
        "destination": address_shape(conversation.own if incoming else conversation.peer),
        "text": message.text,
        "medias": list(message.medias),
        "tm_create": show_time(message.created_at),
        "tm_update": show_time(message.updated_at),
        "tm_delete": show_time(message.deleted_at),
    }
