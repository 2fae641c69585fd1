"""How often an address may guess (SMS-2) and how fast a system may send (SMS-3). Times are the loop's, in seconds."""

WRONG = 5
WINDOW_S = 900.0
LOCK_S = 900.0
MOST_ADDRESSES = 20_000
"""The oldest are forgotten."""


class Guesses:
    """Wrong passwords by address: after five of them nobody there is let in for a quarter of an hour."""

    def __init__(self) -> None:
        self._wrong: dict[str, list[float]] = {}
        self._locked: dict[str, float] = {}

    def may_try(self, address: str, now: float) -> bool:
        return self._locked.get(address, 0.0) <= now

    def wrong(self, address: str, now: float) -> bool:
        """Whether this one locks the address."""
        times = [each for each in self._wrong.pop(address, []) if now - each < WINDOW_S]
        self._wrong[address] = [*times, now]
        _bound(self._wrong)
        if len(times) + 1 < WRONG:
            return False
        del self._wrong[address]
        self._locked.pop(address, None)
        self._locked[address] = now + LOCK_S
        _bound(self._locked)
        return True

    def right(self, address: str) -> None:
        self._wrong.pop(address, None)


class Rate:
    """A token bucket that holds one second's worth."""

    def __init__(self, per_second: int, now: float) -> None:
        self.per_second = per_second
        self._tokens = float(per_second)
        self._filled_at = now

    def take(self, now: float, count: int = 1) -> bool:
        """Whether one more may go now; where that is `count` in one, the next ones wait for all of them."""
        if self.wait_s(now) > 0:
            return False
        self._tokens -= count
        return True

    def at_hand(self, most: int) -> int:
        """How many of `most` may go now."""
        return min(most, int(self._tokens))

    def wait_s(self, now: float) -> float:
        """How long until one more may go."""
        self._tokens = min(float(self.per_second), self._tokens + (now - self._filled_at) * self.per_second)
        self._filled_at = now
        return max(0.0, (1 - self._tokens) / self.per_second)


def _bound(table: dict[str, object] | dict[str, float] | dict[str, list[float]]) -> None:
    while len(table) > MOST_ADDRESSES:
        del table[next(iter(table))]
