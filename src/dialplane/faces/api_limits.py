"""The rate limits of every dialect: the same buckets for each address and for each account (reference 1.9)."""

import time

from litestar.types import Scope

from dialplane.domain.errors import LimitExceeded
from dialplane.domain.tenancy.accounts import Principal
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.observation import add_headers
from dialplane.faces.rate_limits import RateLimiter
from dialplane.services.asking import ASKER


class ApiLimits:
    """The buckets of a dialect: one for each address, one for each account, and those of its visitors."""

    def __init__(self, ports: Dependencies) -> None:
        self._addresses = RateLimiter("address", ports.rate_limits.api_by_address)
        self._accounts = RateLimiter("acct", ports.rate_limits.api_by_account)
        self._delegations = RateLimiter("delegate", ports.rate_limits.api_by_delegation)
        self._visitors = RateLimiter("visitors", ports.rate_limits.api_by_visitors)
        self._writes = RateLimiter("visitor", ports.rate_limits.writes_by_visitor)

    def check_address(self, scope: Scope) -> None:
        refuse_flood(scope, self._addresses, address_of(scope), limited_by="ip")

    def check_account(self, scope: Scope, principal: Principal) -> None:
        """To be called once it is proven who asks."""
        ASKER.set(principal.account_id)
        limiter, key = self._bucket_of(principal)
        left = refuse_flood(scope, limiter, key, limited_by="customer")
        add_headers(scope, limiter.headers(left))
        visitor = principal.visitor
        if visitor is not None and scope.get("method") == "POST":
            refuse_flood(scope, self._writes, visitor.conversation_id, limited_by="visitor")

    def _bucket_of(self, principal: Principal) -> tuple[RateLimiter, object]:
        """Neither visitors nor the operator take from what the account itself has."""
        if principal.visitor is not None:
            return self._visitors, principal.account_id
        if principal.delegation_id is not None:
            return self._delegations, principal.delegation_id
        return self._accounts, principal.account_id


def refuse_flood(scope: Scope, limiter: RateLimiter, key: object, *, limited_by: str) -> float:
    """Take a token of `key`'s bucket; how many are left.

    Raises LimitExceeded with `limited_by` and `retry_after` (seconds) in its details where there is none.
    """
    left = limiter.take(key, time.monotonic())
    if left < 0:
        add_headers(scope, limiter.headers(left))
        raise LimitExceeded(
            "Too many requests; try again later",
            reason="RATE_LIMIT_EXCEEDED",
            details=[{"limited_by": limited_by, "retry_after": limiter.retry_after_s(left)}],
        )
    return left


def address_of(scope: Scope) -> str:
    """The peer's address; uvicorn has put a trusted proxy's client there (API-10)."""
    client = scope.get("client")
    return client[0] if client else ""
