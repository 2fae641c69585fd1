"""What a call costs while it goes on: slices of time, a minute's worth reserved before it is spent, settled at the end.

The price is frozen when the call begins (LED-9). Time is counted from the answer to the end.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from dialplane.domain.calling.calls import Call
from dialplane.domain.charging.ledger import Charge, HoldRequest, ReferenceType, Settlement
from dialplane.domain.charging.rating import MINUTE_S, CostType, Rate
from dialplane.domain.ids import AccountId, CallId, id_text
from dialplane.domain.values import dataclass

HOLD_LASTS = timedelta(hours=2)
"""Longer than the longest call; a hold that is still there then was left behind by a crash."""

RESERVED_S = MINUTE_S
"""So much of a call is reserved at a time; a slice that is longer is reserved whole."""

RENEW_BEFORE_S = 5.0
"""How long before the reserved time is used up more is reserved."""


def hold_key(call_id: CallId) -> str:
    """The business key of a call's hold and of its charge (LED-5)."""
    return f"call:{id_text(call_id)}"


@dataclass(frozen=True, slots=True)
class CallBilling:
    """The money side of one live call."""

    account_id: AccountId
    call_id: CallId
    rate: Rate

    @property
    def key(self) -> str:
        """The business key of the hold and of the charge (LED-5)."""
        return hold_key(self.call_id)

    @property
    def is_free(self) -> bool:
        return self.rate.is_free

    @property
    def first_s(self) -> int:
        """The time that `hold` reserves before the call rings out."""
        return self.seconds_of(self.rate.units_in(RESERVED_S))

    def seconds_of(self, units: int) -> int:
        return units * self.rate.increment_s

    def hold(self, now: datetime) -> HoldRequest:
        """Set the first minute aside, all of it or nothing."""
        return self._hold(RESERVED_S, now)

    def longer_hold(self, reserved_s: int, now: datetime) -> HoldRequest:
        """Set a minute more aside than `reserved_s`, or as much of it as can be paid: the same hold grows."""
        return replace(self._hold(reserved_s + RESERVED_S, now), is_divisible=True)

    def _hold(self, seconds: int, now: datetime) -> HoldRequest:
        return HoldRequest(self.account_id, self.key, self.rate, self.rate.units_in(seconds), now + HOLD_LASTS)

    def settlement(self, call: Call, ended_at: datetime) -> Settlement:
        """What the ended call costs; nothing where it was never answered."""
        answered_at = call.progressing_at
        seconds = (ended_at - answered_at).total_seconds() if answered_at else 0.0
        started_at = answered_at or ended_at
        extension = self.rate.cost_type in (CostType.CALL_EXTENSION, CostType.CALL_DIRECT_EXT)
        charge = Charge(
            key=self.key,
            rate=self.rate,
            units=max(self.rate.units_in(seconds), 1) if answered_at else 0,
            reference_type=ReferenceType.CALL_EXTENSION if extension else ReferenceType.CALL,
            reference_id=self.call_id,
            started_at=started_at,
            ended_at=ended_at,
            seconds=int(seconds),
        )
        return Settlement(self.account_id, self.key, charge)
