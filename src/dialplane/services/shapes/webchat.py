"""Chats on web pages in the native JSON form (VoIPBIN reference 6.11)."""

from dialplane.domain.messaging.webchat import WebchatMessage, WebchatSession, WebchatWidget
from dialplane.services.shapes.common import show_id, show_time


def widget_shape(widget: WebchatWidget) -> dict[str, object]:
    return {
        "id": show_id(widget.id),
        "customer_id": show_id(widget.account_id),
        "name": widget.name,
        "detail": widget.detail,
        "session_flow_id": show_id(widget.session_flow_id),
        "message_flow_id": show_id(widget.message_flow_id),
        "direct_hash": widget.direct_hash,
        "tm_create": show_time(widget.created_at),
        "tm_update": show_time(widget.updated_at),
        "tm_delete": show_time(widget.deleted_at),
    }


def session_shape(session: WebchatSession) -> dict[str, object]:
    return {
        "id": show_id(session.id),
        "customer_id": show_id(session.account_id),
        "widget_id": show_id(session.widget_id),
        "name": session.name,
        "status": session.status.value,
        "tm_end": show_time(session.ended_at),
        "tm_create": show_time(session.created_at),
        "tm_update": show_time(session.updated_at),
        "tm_delete": show_time(session.deleted_at),
    }


def webchat_message_shape(message: WebchatMessage) -> dict[str, object]:
    return {
        "id": show_id(message.id),
        "customer_id": show_id(message.account_id),
        "session_id": show_id(message.session_id),
        "activeflow_id": show_id(message.run_id),
        "direction": message.direction,
        "text": message.text,
        "tm_create": show_time(message.created_at),
        "tm_update": show_time(message.updated_at),
        "tm_delete": show_time(message.deleted_at),
    }
