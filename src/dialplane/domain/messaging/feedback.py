"""What the sender of a message says became of it: whether its receiver did what the message was for, such as typing
the code that it brought (Twilio's message feedback). A receipt says that a handset has it, this that somebody does."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Feedback:
    """The last word counts; `created_at` is of the first one."""

    outcome: Outcome
    created_at: datetime
    updated_at: datetime
