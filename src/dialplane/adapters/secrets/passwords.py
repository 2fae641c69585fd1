"""Passwords by Argon2id (RFC 9106), computed in threads: one hash takes tens of milliseconds of CPU."""

import asyncio
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY


class Argon2Hasher:
    """Fulfils `services.authentication.PasswordHasher`."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

    @cached_property
    def _decoy(self) -> str:
        """Verified where there is no hash, so that an unknown user costs the same time."""
        return self._hasher.hash("")

    async def hash(self, password: str) -> str:
        return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        fits = await asyncio.to_thread(self._verify, password_hash or self._decoy, password)
        return fits and password_hash is not None

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
