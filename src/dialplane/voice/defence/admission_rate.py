"""How many calls a second the node takes; those beyond it hear that they should come back (DOS-4, RFC 6357)."""


class AdmissionRate:
    """A token bucket: `per_second` for good, `burst` at once. Times are the loop's, in seconds."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._tokens = self._burst
        self._filled_at = 0.0

    def take(self, now: float) -> bool:
        """Whether one more call may begin."""
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
