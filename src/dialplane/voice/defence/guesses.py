"""Wrong passwords: after ten for a user or twenty from an address nobody there is asked again for a while (REG-2).

Users are counted by their names, whether they exist or not: a lock that only existing users get would tell who does
(REG-1). Where many addresses guess for one user together, the lock is for those that have guessed, so that the owner,
who is elsewhere, gets in; and who has got in before gets in again from where he did.
"""

from dataclasses import dataclass, field
from typing import Any

WINDOW_S = 300.0
LOCK_S = 900.0
WRONG_FOR_USER = 10
WRONG_FROM_ADDRESS = 20
PROVED_S = 3_600.0
"""How long an address is trusted with a user who has proved himself from there: the longest registration."""
MAX_REMEMBERED = 20_000
"""Users, addresses and proofs, of each; the oldest are forgotten."""


@dataclass(slots=True)
class _Tries:
    """Wrong tries of one user's name, or from one address."""

    times: list[float] = field(default_factory=list)
    addresses: dict[str, float] = field(default_factory=dict)
    """Of a name: who tried, and when last."""
    locked_until: float = 0.0


class Guesses:
    """Counts wrong passwords. `user` is `name@domain`; times are the loop's, in seconds."""

    def __init__(self) -> None:
        self._users: dict[str, _Tries] = {}
        self._addresses: dict[str, _Tries] = {}
        self._proved: dict[tuple[str, str], float] = {}

    def may_try(self, user: str, address: str, now: float) -> bool:
        if now - self._proved.get((user, address), now - PROVED_S) < PROVED_S:
            return True
        place = self._addresses.get(address)
        if place is not None and place.locked_until > now:
            return False
        name = self._users.get(user)
        if name is None or name.locked_until <= now:
            return True
        return now - name.addresses.get(address, now - LOCK_S) >= LOCK_S

    def wrong(self, user: str, address: str, now: float) -> bool:
        """A wrong password. Gives whether the user's name is locked by it, for the addresses that have guessed."""
        self._proved.pop((user, address), None)
        self._count(self._addresses, address, now, WRONG_FROM_ADDRESS)
        name, locks = self._count(self._users, user, now, WRONG_FOR_USER)
        name.addresses[address] = now
        if len(name.addresses) > MAX_REMEMBERED:
            del name.addresses[next(iter(name.addresses))]
        return locks

    def right(self, user: str, address: str, now: float) -> None:
        """The password was right."""
        self._proved.pop((user, address), None)
        _make_room(self._proved)
        self._proved[user, address] = now

    def locked(self, now: float) -> tuple[list[str], list[str]]:
        """The names and the addresses that are locked."""
        return (
            [user for user, tries in self._users.items() if tries.locked_until > now],
            [address for address, tries in self._addresses.items() if tries.locked_until > now],
        )

    def _count(self, table: dict[str, _Tries], key: str, now: float, limit: int) -> tuple[_Tries, bool]:
        """Note a try, and lock where it is one too many; gives the entry, and whether it was this try that locked."""
        tries = table.pop(key, None) or _Tries()
        _make_room(table)
        table[key] = tries  # at the end: the one that was not tried for longest is at the front
        tries.times = [*(time for time in tries.times if now - time < WINDOW_S), now][-limit:]
        if len(tries.times) < limit:
            return tries, False
        is_new = tries.locked_until <= now
        tries.locked_until = now + LOCK_S
        return tries, is_new


def _make_room(table: dict[Any, Any]) -> None:
    while len(table) >= MAX_REMEMBERED:
        del table[next(iter(table))]
