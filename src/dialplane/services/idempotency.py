"""Idempotency keys (API-1): the first answer to a key is kept and given again.

A face begins the key before it acts and finishes it with the answer. Where the process dies in between, the key is
free again as soon as the session that began it is gone, and the act is repeated with the same key; a purchase finds
its first order by it, so that the repetition gives the first result.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from dialplane.domain.errors import Conflict, Invalid, Mismatch
from dialplane.domain.ids import NIL, AccountId
from dialplane.services.transaction import Database

KEPT = timedelta(hours=24)
"""Answers are replayed at least this long."""

LONGEST_REQUEST = timedelta(minutes=2)
"""A key that has been running for longer was abandoned, even if its session still lives."""

MAX_KEY = 255

OPERATOR = AccountId(NIL)
"""Whose keys those of the operator are: no account has this id."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Act, then `finish` (or `abandon` where nothing was done)."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The first answer."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of a key. `is_abandoned`: it is running, and nobody is at work on it."""

    fingerprint: bytes
    is_done: bool
    is_abandoned: bool
    began_at: datetime
    status: int = 0
    body: bytes = b""


class IdempotencyStore(Protocol):
    """Port."""

    async def begin(self, account_id: AccountId, key: str, fingerprint: bytes, now: datetime) -> bool:
        """Write the key down as running in this session; False where it is known already."""
        ...

    async def lock(self, account_id: AccountId, key: str) -> KeyRecord | None: ...

    async def take_over(self, account_id: AccountId, key: str, fingerprint: bytes, now: datetime) -> None: ...

    async def finish(self, account_id: AccountId, key: str, status: int, body: bytes, now: datetime) -> None: ...

    async def abandon(self, account_id: AccountId, key: str) -> None:
        """Forget a running key."""
        ...

    async def forget_before(self, moment: datetime, *, limit: int) -> int:
        """Forget keys that began before `moment`; how many they were."""
        ...


async def begin(
    database: Database, account_id: AccountId, key: str, fingerprint: bytes, now: datetime
) -> Fresh | Replay:
    """Whether to act or to replay. `fingerprint` tells one body (with method and path) from another.

    Raises Invalid (over 255 characters), Mismatch (known with another body), Conflict (the first is still at work).
    """
    if not 1 <= len(key) <= MAX_KEY:
        raise Invalid(f"Idempotency-Key has 1 to {MAX_KEY} characters", field="Idempotency-Key")
    async with database.transaction() as tx:
        if await tx.idempotency.begin(account_id, key, fingerprint, now):
            return Fresh()
        known = await tx.idempotency.lock(account_id, key)
        if known is None or now - known.began_at > KEPT:
            await tx.idempotency.take_over(account_id, key, fingerprint, now)
            return Fresh()
        if known.fingerprint != fingerprint:
            raise key_reused()
        if known.is_done:
            return Replay(known.status, known.body)
        if not known.is_abandoned and now - known.began_at <= LONGEST_REQUEST:
            raise Conflict("The first request with this Idempotency-Key is still at work", reason="REQUEST_IN_PROGRESS")
        await tx.idempotency.take_over(account_id, key, fingerprint, now)
        return Fresh()


def key_reused() -> Mismatch:
    """The refusal of a key that came before with another request."""
    return Mismatch("The Idempotency-Key was used with another request", reason="IDEMPOTENCY_KEY_REUSED")


async def finish(database: Database, account_id: AccountId, key: str, status: int, body: bytes, now: datetime) -> None:
    """Keep the answer."""
    async with database.transaction() as tx:
        await tx.idempotency.finish(account_id, key, status, body, now)


async def abandon(database: Database, account_id: AccountId, key: str) -> None:
    """Forget the key: nothing was done (the input was invalid), so that the corrected request may use it."""
    async with database.transaction() as tx:
        await tx.idempotency.abandon(account_id, key)


async def forget_old(database: Database, now: datetime, *, limit: int = 1000) -> int:
    """Forget answers that were kept long enough. Called by the worker now and then."""
    async with database.transaction() as tx:
        return await tx.idempotency.forget_before(now - KEPT, limit=limit)
