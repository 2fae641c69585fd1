"""How refusals read in SMPP."""

from dialplane.domain.errors import Conflict, Invalid, LimitExceeded, NotFound, Refusal, Unavailable
from dialplane.smpp.commands import Command, Status

_BY_FIELD = {
    "source": Status.INVALID_SOURCE,
    "text": Status.INVALID_MESSAGE_LENGTH,
    "send_at": Status.INVALID_SCHEDULE,
}
_TOO_LATE = {Command.CANCEL_SM: Status.CANCEL_FAILED, Command.REPLACE_SM: Status.REPLACE_FAILED}


def status_of(refusal: Refusal, command: Command = Command.SUBMIT_SM) -> Status:
    """What may pass by itself is told apart from what will not."""
    match refusal:
        case Invalid(field=field):
            is_peer = field.startswith("destinations")
            return Status.INVALID_DESTINATION if is_peer else _BY_FIELD.get(field, Status.SUBMIT_FAILED)
        case LimitExceeded():
            return Status.THROTTLED
        case Unavailable():
            return Status.SYSTEM_ERROR
        case NotFound():
            return Status.INVALID_MESSAGE_ID
        case Conflict():
            return _TOO_LATE.get(command, Status.SUBMIT_FAILED)
        case _:
            return Status.SUBMIT_FAILED
