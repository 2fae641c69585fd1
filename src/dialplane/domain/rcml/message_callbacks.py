"""What becomes of a message, as its status callback is told (Restcomm reference 4.7)."""

from dialplane.domain.ids import to_sid
from dialplane.domain.messaging.messages import Message, Target, TargetStatus
from dialplane.domain.programs.sources import TWILIO_VERSION, StatusCallback
from dialplane.domain.rcml.parameters import Form

_STATUS = {
    TargetStatus.RECEIVED: "received",
    TargetStatus.QUEUED: "queued",
    TargetStatus.SENT: "sent",
    TargetStatus.DELIVERED: "delivered",
    TargetStatus.DLR_TIMEOUT: "sent",
    TargetStatus.GW_TIMEOUT: "failed",
    TargetStatus.FAILED: "failed",
}
UNKNOWN_ERROR = "30008"


def message_status(target: Target) -> str:
    """`MessageStatus`."""
    return _STATUS[target.status]


def message_form(message: Message, target: Target, callback: StatusCallback) -> Form:
    sid, status = to_sid("SM", message.id), message_status(target)
    fields: Form = (
        ("From", message.source.target),
        ("To", target.destination.target),
        ("Body", message.text),
        ("AccountSid", to_sid("AC", message.account_id)),
        ("MessageSid", sid),
        ("MessageStatus", status),
    )
    if status == "failed":
        fields += (("ErrorCode", UNKNOWN_ERROR),)
    if callback.api_version == TWILIO_VERSION:
        fields += (("SmsSid", sid), ("SmsStatus", status), ("ApiVersion", TWILIO_VERSION))
    return fields
