"""What becomes of a message, as its status callback is told (Restcomm reference 4.7)."""

from dialplane.domain.ids import to_sid
from dialplane.domain.messaging.messages import Message, Target, TargetStatus, message_sid
from dialplane.domain.programs.sources import TWILIO_VERSION, StatusCallback
from dialplane.domain.rcml.parameters import Form

_STATUS = {
    TargetStatus.RECEIVED: "received",
    TargetStatus.SCHEDULED: "scheduled",
    TargetStatus.HELD: "queued",
    TargetStatus.QUEUED: "queued",
    TargetStatus.SENT: "sent",
    TargetStatus.DELIVERED: "delivered",
    TargetStatus.DLR_TIMEOUT: "sent",
    TargetStatus.GW_TIMEOUT: "failed",
    TargetStatus.FAILED: "failed",
    TargetStatus.UNDELIVERED: "undelivered",
    TargetStatus.CANCELED: "canceled",
}
SENDING = "sending"
UNKNOWN_ERROR = 30008


def message_status(target: Target) -> str:
    """`MessageStatus`."""
    return _STATUS[target.status]


def statuses_of(word: str) -> tuple[TargetStatus, ...]:
    """What a filter `Status` means; nothing where there is no such word."""
    return tuple(status for status, shown in _STATUS.items() if shown == word)


def error_code(target: Target) -> int | None:
    """The number of what went wrong; None where nothing did."""
    if target.error_code:
        return target.error_code
    return UNKNOWN_ERROR if message_status(target) in ("failed", "undelivered") else None


def message_form(message: Message, target: Target, callback: StatusCallback, *, status: str = "") -> Form:
    """The parameters; `status` in place of the target's own."""
    sid, shown = message_sid(message.id, message.medias, callback.api_version), status or message_status(target)
    fields: Form = (
        ("From", message.source.target),
        ("To", target.destination.target),
        ("Body", message.text),
        ("AccountSid", to_sid("AC", message.account_id)),
        ("MessageSid", sid),
        ("MessageStatus", shown),
    )
    code = None if status else error_code(target)
    if code is not None:
        fields += (("ErrorCode", str(code)),)
    if callback.api_version == TWILIO_VERSION:
        fields += (("SmsSid", sid), ("SmsStatus", shown), ("ApiVersion", TWILIO_VERSION))
    return fields
