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
    sign_in_by_email: Rate = Rate(0.2, 20)
    """Passwords that are tried for one address in the portal, from wherever."""
    mails_by_email: Rate = Rate(1 / 600, 5)
    """Mails that strangers can cause to one address."""
    boots_by_address: Rate = Rate(1, 20)
    """Visitors from one address, an office's or a provider's gateway among them; each may begin one conversation."""
    api_by_visitors: Rate = Rate(50, 100)
    """Of one account: all its visitors together, so that they take nothing from the account itself."""
    api_by_delegation: Rate = Rate(8.3, 16)
    """Of the platform's operator, with one token for an account."""
    writes_by_visitor: Rate = Rate(1, 10)
    """What one visitor says: as fast as somebody types, and each line may cost the account an assistant's answer."""


class RateLimiter:
    """One bucket for each key. `now` is seconds on a monotonic clock."""

    def __init__(self, name: str, rate: Rate) -> None:
        self.rate = rate
        self._name = name
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()
        self._policy = f'"{name}";q={rate.burst};w={max(1, ceil(rate.burst / rate.per_second))}'.encode()

    def take(self, key: object, now: float) -> float:
        """Take one token of `key`'s bucket; what is left. Below 0 there was none, and none is taken."""
        buckets, rate = self._buckets, self.rate
        kept = buckets.get(key)
        if kept is None:
            left = rate.burst - 1.0
        else:
            left = min(float(rate.burst), kept[0] + (now - kept[1]) * rate.per_second) - 1
            buckets.move_to_end(key)
        buckets[key] = (left if left >= 0 else left + 1, now)
        if len(buckets) > MOST_BUCKETS:
            buckets.popitem(last=False)
        return left

    def retry_after_s(self, left: float) -> int:
        """Whole seconds until `left` is no longer below 0."""
        return max(1, ceil(-left / self.rate.per_second))

    def headers(self, left: float) -> list[tuple[bytes, bytes]]:
        """The two header fields of draft-ietf-httpapi-ratelimit-headers."""
        remaining = max(0, int(left))
        full_in_s = ceil((self.rate.burst - remaining) / self.rate.per_second)
        return [
            (b"ratelimit-policy", self._policy),
            (b"ratelimit", f'"{self._name}";r={remaining};t={full_in_s}'.encode()),
        ]
