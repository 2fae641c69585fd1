"""Secrets that must be shown or used again, sealed for the store: AES-256-GCM (NIST SP 800-38D) under the master key.

The key never enters the database, so a copy of the database holds none of them readable (API-4).
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MASTER_KEY_OCTETS = 32
_MARK = "sealed:"
_NONCE_OCTETS = 12


class WrongKeyError(Exception):
    """The master key is not the one under which this was sealed."""


class Seal:
    """The master key at work. Never shows it."""

    def __init__(self, master_key: bytes) -> None:
        """Raises ValueError where the key does not have 32 octets."""
        if len(master_key) != MASTER_KEY_OCTETS:
            raise ValueError(f"the master key has {MASTER_KEY_OCTETS} octets")
        self._master_key = master_key
        self._cipher = AESGCM(self._derive(b"sealed secrets"))

    def close(self, text: str) -> str:
        """The text sealed, another form each time; the counterpart of `open`. An empty one stays empty."""
        if not text:
            return ""
        nonce = os.urandom(_NONCE_OCTETS)
        return _MARK + urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), None)).decode()

    def open(self, sealed: str) -> str:
        """What `close` was given. A text that is not sealed is one of a version that did not seal yet.

        Raises WrongKeyError.
        """
        if not sealed.startswith(_MARK):
            return sealed
        octets = urlsafe_b64decode(sealed.removeprefix(_MARK))
        try:
            return self._cipher.decrypt(octets[:_NONCE_OCTETS], octets[_NONCE_OCTETS:], None).decode()
        except InvalidTag:
            raise WrongKeyError("The master key is not the one under which the secrets were sealed") from None

    def secret_for(self, purpose: str) -> str:
        """A secret of 256 bits for one purpose, the same for every process that has the key."""
        return self._derive(purpose.encode()).hex()

    def _derive(self, purpose: bytes) -> bytes:
        """HKDF's expansion (RFC 5869) to one block: the key is uniformly random already."""
        return hmac.new(self._master_key, b"dialplane " + purpose + b"\x01", hashlib.sha256).digest()
