"""Passwords where Restcomm's clients may write a token: with every request, and each would cost a slow hash."""

import hashlib
import os
from collections import OrderedDict
from dataclasses import dataclass

from litestar.types import Scope

from dialplane.faces.api_limits import address_of, refuse_flood
from dialplane.faces.rate_limits import Rate, RateLimiter
from dialplane.services.identity.authentication import PasswordHasher

MOST_REMEMBERED = 10_000


class Passwords:
    """Remembers which password fitted which hash: measured, a request takes 20 ms instead of 800.

    There is nothing to forget when a password changes. The hash is read from the store with every request, and that of
    a new password is another one. What is kept tells nobody the password: it is keyed with a secret of this process.
    """

    def __init__(self, hasher: PasswordHasher, tries: Rate) -> None:
        """`tries` is how often one address may try, as at the sign-in; what is remembered is no try."""
        self._hasher = hasher
        self._tries = RateLimiter("address", tries)
        self._secret = os.urandom(32)
        self._good: OrderedDict[bytes, None] = OrderedDict()

    def tried_by(self, scope: Scope) -> "Attempt":
        return Attempt(self, scope)

    async def verify(self, scope: Scope, password_hash: str | None, password: str) -> bool:
        """As a PasswordHasher does. Raises LimitExceeded."""
        pair = f"{password_hash}\0{password}".encode()
        digest = hashlib.blake2b(pair, key=self._secret).digest()
        if digest in self._good:
            self._good.move_to_end(digest)
            return True
        refuse_flood(scope, self._tries, address_of(scope), limited_by="ip")
        if not await self._hasher.verify(password_hash, password):
            return False
        self._good[digest] = None
        if len(self._good) > MOST_REMEMBERED:
            self._good.popitem(last=False)
        return True


@dataclass(frozen=True, slots=True)
class Attempt:
    """Fulfils `basic_authentication.PasswordCheck` for one request."""

    passwords: Passwords
    scope: Scope

    async def verify(self, password_hash: str | None, password: str) -> bool:
        return await self.passwords.verify(self.scope, password_hash, password)
