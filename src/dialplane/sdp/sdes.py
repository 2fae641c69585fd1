"""Keys of encrypted audio in descriptions (RFC 4568): the `a=crypto` lines, read and written.

Lines that ask for what we do not do (a master key identifier, several keys, session parameters that change the
protection) are passed over, as section 6.1 and 6.3 let a reader do: the next line may suit.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from dialplane.sdp.session import MediaDescription


class Suite(StrEnum):
    """RFC 4568 section 6.2."""

    AES_CM_128_HMAC_SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    AES_CM_128_HMAC_SHA1_32 = "AES_CM_128_HMAC_SHA1_32"


KEY_OCTETS = 30
"""Master key and master salt of both suites (section 6.2)."""
MOST_LINES = 16
"""That are looked at; a party has two suites to name."""

_LINE = re.compile(
    r"([0-9]{1,9}) +([A-Za-z0-9_]{1,64}) +inline:([A-Za-z0-9+/]{40})(?:\|(2\^[0-9]{1,2}|[0-9]{1,20}))?((?: +[^ ]+)*) *"
)
_HARMLESS = re.compile(r"(?:WSH=[0-9]{1,5}|-.*)")
"""Session parameters that we may pass over: a hint about windows, and what says of itself that it may be (6.3.7)."""


class Crypto(NamedTuple):
    """One line: a suite, and the key with which its sender sends."""

    tag: int
    suite: Suite
    key: bytes

    def __str__(self) -> str:
        return f"{self.tag} {self.suite} inline:{base64.b64encode(self.key).decode()}"


def read_cryptos(media: MediaDescription) -> list[Crypto]:
    """The lines of a stream that we can do, in their order."""
    lines = [value or "" for name, value in media.attributes if name == "crypto"]
    return [found for line in lines[:MOST_LINES] if (found := _read(line)) is not None]


def make_cryptos(keys: Sequence[tuple[Suite, bytes]]) -> list[Crypto]:
    """Lines for an offer, tags from 1."""
    return [Crypto(tag, suite, key) for tag, (suite, key) in enumerate(keys, 1)]


def _read(line: str) -> Crypto | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    tag, name, key, _, parameters = match.groups()
    if name not in Suite.__members__ or not all(_HARMLESS.fullmatch(each) for each in parameters.split()):
        return None
    try:
        octets = base64.b64decode(key, validate=True)
    except binascii.Error:
        return None
    return Crypto(int(tag), Suite[name], octets) if len(octets) == KEY_OCTETS else None
