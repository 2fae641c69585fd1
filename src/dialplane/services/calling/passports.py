"""A signed caller ID counts for one call, whichever node it comes to (STIR-6, RFC 8224 section 12.1)."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from dialplane.domain.errors import Unavailable
from dialplane.services.transaction import Database
from dialplane.stir.verification import FRESH_S

REMEMBERED = timedelta(seconds=2 * FRESH_S)
"""A signer's clock may be ahead, so that a token is fresh for as long again."""


class PassportStore(Protocol):
    """Port."""

    async def take(self, mark: bytes, call: bytes, *, now: datetime, forget_before: datetime) -> bytes:
        """The call that brought the token first; `call` where it is the first. Empty: two came in the same moment, and
        this is not the first. Older ones go."""
        ...


async def came_with_another_call(database: Database, token: str, call_id: str, now: datetime) -> bool:
    """Whether the token has counted for another Call-ID, on any node; from now on it is this one's.

    A call that a proxy hands from one node to the next is the same call. Without an answer of the store it is none
    that is known.
    """
    mark, call = sha256(token.encode()).digest(), sha256(call_id.encode()).digest()
    try:
        async with database.transaction() as tx:
            return await tx.passports.take(mark, call, now=now, forget_before=now - REMEMBERED) != call
    except Unavailable:
        return False
