"""A message as both dialects show it (reference 4.7). Of several receivers the first one is shown as `to`."""

from datetime import datetime

from dialplane.domain.addresses import PHONE, Address
from dialplane.domain.ids import to_sid
from dialplane.domain.messaging.messages import Direction, Message, Target, TargetStatus, message_sid
from dialplane.domain.rcml.message_callbacks import error_code, message_status
from dialplane.domain.rcml.verbs.nouns import CLIENT
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.prices import show_price

_ERRORS = {
    21610: "Attempt to send to unsubscribed recipient",
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Carrier violation",
    30008: "Unknown error",
    30009: "Missing segment",
    30010: "Message price exceeds max price",
}


def show_message(asked: Asked, message: Message, price: int | None) -> dict[str, object]:
    """`price` is what was charged, in micros. Restcomm leaves out what has no value, Twilio never does."""
    dialect, target = asked.dialect, message.targets[0]
    account_sid = to_sid("AC", message.account_id)
    sid = message_sid(message.id, message.medias, dialect.api_version)
    below = "Messages" if dialect.is_twilio else "SMS/Messages"
    uri = f"/Accounts/{account_sid}/{below}/{sid}"
    code = error_code(target)
    members: dict[str, object] = {
        "sid": sid,
        "date_created": dialect.show_time(message.created_at),
        "date_updated": dialect.show_time(message.updated_at or message.created_at),
        "date_sent": dialect.show_moment(_sent_at(message, target)),
        "account_sid": account_sid,
        "from": _party(message.source),
        "to": _party(target.destination),
        "body": message.text,
        "status": message_status(target),
        "direction": _direction(message),
        "error_code": code,
        "error_message": None if code is None else _ERRORS.get(code) or target.reason,
        "price": show_price(dialect, price),
        "price_unit": "USD",
        "api_version": dialect.api_version,
        "uri": asked.uri(uri),
    }
    if not dialect.is_twilio:
        return {name: value for name, value in members.items() if value is not None}
    return members | {
        "num_segments": str(target.parts),
        "num_media": str(len(message.medias)),
        "messaging_service_sid": _pool_sid(message),
        "subresource_uris": {"media": asked.uri(f"{uri}/Media")},
    }


def _party(address: Address) -> str:
    """A phone as it is written in requests."""
    return f"{CLIENT}{address.target}" if address.type == PHONE else address.target


def _sent_at(message: Message, target: Target) -> datetime | None:
    return message.created_at if target.status is TargetStatus.RECEIVED else target.sent_at


def _pool_sid(message: Message) -> str | None:
    pool_id = message.extras.pool_id if message.extras else None
    return None if pool_id is None else to_sid("MG", pool_id)


def _direction(message: Message) -> str:
    if message.direction is Direction.INBOUND:
        return "inbound"
    return f"outbound-{(message.extras.origin if message.extras else '') or 'api'}"
