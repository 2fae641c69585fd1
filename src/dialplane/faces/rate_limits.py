"""Rate limits as token buckets in this process's memory (VoIPBIN reference 1.9; headers of API-3).

Each process counts for itself: n processes let n times as much through, which bounds abuse without a shared counter
in the path of every request.
"""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

MOST_BUCKETS = 50_000
"""Memory bound of one limiter (some 10 MB); the bucket unused for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Rate:
    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The limits of the documentation; an installation may set others."""

    auth_by_address: Rate = Rate(10, 20)
    api_by_address: Rate = Rate(200, 400)
    api_by_account: Rate = Rate(16.7, 33)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one more request goes through, and what is left after it."""

    allowed: bool
    remaining: int
    retry_after_s: int
    full_in_s: int


class RateLimiter:
    """One bucket for each key. `now` is seconds on a monotonic clock."""

    def __init__(self, name: str, rate: Rate) -> None:
        self.rate = rate
        self._name = name
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()
        self._policy = f'"{name}";q={rate.burst};w={max(1, ceil(rate.burst / rate.per_second))}'.encode()

    def take(self, key: object, now: float) -> Verdict:
        """Take one token of `key`'s bucket, if it holds one."""
        tokens, filled_at = self._buckets.pop(key, (float(self.rate.burst), now))
        tokens = min(self.rate.burst, tokens + (now - filled_at) * self.rate.per_second)
        allowed = tokens >= 1
        tokens -= allowed
        self._buckets[key] = (tokens, now)
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return Verdict(
            allowed=allowed,
            remaining=int(tokens),
            retry_after_s=0 if allowed else max(1, ceil((1 - tokens) / self.rate.per_second)),
            full_in_s=ceil((self.rate.burst - tokens) / self.rate.per_second),
        )

    def headers(self, verdict: Verdict) -> list[tuple[bytes, bytes]]:
        """The two header fields of draft-ietf-httpapi-ratelimit-headers."""
        left = f'"{self._name}";r={verdict.remaining};t={verdict.full_in_s}'.encode()
        return [(b"ratelimit-policy", self._policy), (b"ratelimit", left)]
