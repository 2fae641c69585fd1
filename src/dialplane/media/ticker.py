"""The shared clock of all legs that have something to send: each gets its turn every 20 ms.

The legs are spread over four slots of 5 ms, so that sending never keeps the receivers waiting for a whole burst.
"""

from typing import Generic, Protocol, TypeVar

SLOTS = 4
SLOT_S = 0.005
LATE_S = 0.010
_GIVE_UP_S = 0.2
"""After a longer stop than this (the machine was suspended) the missed turns are left out instead of made up for."""


class Ticked(Protocol):
    slot: int | None
    """Which slot serves it, None while it has nothing to send."""


T = TypeVar("T", bound=Ticked)


class Ticker(Generic[T]):
    """Times are seconds on the caller's monotonic clock."""

    def __init__(self, now: float) -> None:
        self._groups: list[dict[T, None]] = [{} for _ in range(SLOTS)]
        self._next = int(now / SLOT_S) + 1
        self.turns = 0
        self.late = 0
        self.worst_s = 0.0

    def add(self, member: T) -> None:
        if member.slot is None:
            member.slot = min(range(SLOTS), key=lambda slot: len(self._groups[slot]))
            self._groups[member.slot][member] = None

    def remove(self, member: T) -> None:
        if member.slot is not None:
            del self._groups[member.slot][member]
            member.slot = None

    def next_at(self) -> float | None:
        """When the next turn is due, None while nobody waits for one."""
        for index in range(self._next, self._next + SLOTS):
            if self._groups[index % SLOTS]:
                return index * SLOT_S
        return None

    def take_due(self, now: float) -> tuple[float, list[T]] | None:
        """The earliest turn that is due, its time and members; None when there is none left."""
        current = int(now / SLOT_S)
        self._next = max(self._next, current - int(_GIVE_UP_S / SLOT_S))
        while self._next <= current:
            index = self._next
            self._next += 1
            group = self._groups[index % SLOTS]
            if group:
                return index * SLOT_S, list(group)
        return None

    def finished(self, due: float, now: float) -> None:
        """Keep account of a turn that was due then and is done by now."""
        self.turns += 1
        lateness = now - due
        self.worst_s = max(self.worst_s, lateness)
        self.late += lateness > LATE_S
