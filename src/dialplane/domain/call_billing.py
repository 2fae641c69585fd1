"""What a call costs while it goes on: slices of a minute, reserved before they are spent, settled at the end.

The price is frozen when the call begins (LED-9). Time is counted from the answer to the end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dialplane.domain.ids import AccountId, CallId


class CallKind(StrEnum):
    """VoIPBIN's cost types of calls (reference section 7.3)."""

    PSTN_INCOMING = "call_pstn_incoming"
    PSTN_OUTGOING = "call_pstn_outgoing"
    VIRTUAL = "call_vn"
    EXTENSION = "call_extension"


SLICE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CallBilling:
    """The money side of one live call."""

    account_id: AccountId
    call_id: CallId
    kind: CallKind
    minute_micros: int
    """Credit for a started minute."""
    minute_tokens: int = 0
    """Plan tokens for a started minute, taken before credit; 0 where tokens do not pay for it."""

    @property
    def key(self) -> str:
        """The business key of the hold and of the charge (LED-5)."""
        return f"call:{self.call_id}"

    @property
    def is_free(self) -> bool:
        return self.minute_micros == 0 and self.minute_tokens == 0


def started_minutes(answered_at: datetime | None, ended_at: datetime) -> int:
    """Whole minutes, every started one counts; a call that was never answered has none."""
    if answered_at is None:
        return 0
    return -(-(ended_at - answered_at) // SLICE) if ended_at > answered_at else 1
