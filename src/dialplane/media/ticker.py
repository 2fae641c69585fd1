"""The shared clock of all legs that have something to send: each gets its turn every 20 ms.

All turns are taken together. Spreading them over four slots of 5 ms was measured to cost half as much again per
packet: after every wake-up the processor's caches are cold.
"""

from collections.abc import Sized
from typing import Generic, TypeVar

TURN_S = 0.020
LATE_S = 0.010
_GIVE_UP_S = 0.2
"""After a longer stop than this (the machine was suspended) the missed turns are left out instead of made up for."""

T = TypeVar("T")


class Ticker(Generic[T]):
    """Times are seconds on the caller's monotonic clock."""

    def __init__(self, now: float, *others: Sized) -> None:
        """`others` take their turns at the same time, all at once; here it only counts whether there are any."""
        self._members: dict[T, None] = {}
        self._others = others
        self._next_at = now
        self.turns = 0
        self.late = 0
        """Turns that ended more than 10 ms after their time."""
        self.worst_s = 0.0

    def add(self, member: T) -> None:
        self._members[member] = None

    def remove(self, member: T) -> None:
        self._members.pop(member, None)

    def next_at(self) -> float | None:
        """When the next turn is due, None while nobody waits for one."""
        return self._next_at if self._is_awaited() else None

    def members(self) -> list[T]:
        return list(self._members)

    def take_due(self, now: float) -> float | None:
        """The time of the turn that is due; None when there is none."""
        if now < self._next_at:
            return None
        is_awaited = self._is_awaited()
        if not is_awaited or now - self._next_at > _GIVE_UP_S:
            missed = int((now - self._next_at) / TURN_S)
            self._next_at += missed * TURN_S
        due = self._next_at
        self._next_at += TURN_S
        return due if is_awaited else None

    def finished(self, due: float, now: float) -> None:
        """Keep account of a turn that was due then and is done by now."""
        self.turns += 1
        lateness = now - due
        self.worst_s = max(self.worst_s, lateness)
        self.late += lateness > LATE_S

    def _is_awaited(self) -> bool:
        return bool(self._members) or any(self._others)
