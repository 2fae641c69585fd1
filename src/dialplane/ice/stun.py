"""STUN messages (RFC 8489) as connectivity checks use them: read, verified, answered.

A message is looked at in two steps, so that a stranger's costs next to nothing: `parse` reads what it says, `is_signed`
computes what only somebody with the password could have written.
"""

import hmac
import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha1
from ipaddress import IPv4Address, IPv6Address, ip_address

BINDING_REQUEST = 0x0001
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111

LARGEST = 1_500
"""Octets: a check travels in one packet of an ordinary path."""

_COOKIE = 0x2112A442
_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_FINGERPRINT_MASK = 0x5354554E
_INTEGRITY_OCTETS = 20
_FINGERPRINT_OCTETS = 4


class Attribute(IntEnum):
    """Those that mean something to us."""

    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    XOR_MAPPED_ADDRESS = 0x0020
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A


class StunError(ValueError):
    """The octets are no STUN message; nothing is answered."""


@dataclass(frozen=True, slots=True)
class StunMessage:
    """One message as it came; `attributes` in order, padding left out."""

    kind: int
    transaction: bytes
    """12 octets that tie an answer to its request."""
    attributes: tuple[tuple[int, bytes], ...]
    raw: bytes
    integrity_at: int
    """Where MESSAGE-INTEGRITY begins, -1 where there is none."""

    @classmethod
    def parse(cls, data: bytes) -> "StunMessage":
        """Raises StunError: also where a FINGERPRINT is missing or wrong, which ICE requires (RFC 8445 7.1)."""
        if not _HEADER.size <= len(data) <= LARGEST or len(data) % 4:
            raise StunError("of no message's length")
        kind, length, cookie, transaction = _HEADER.unpack_from(data)
        if cookie != _COOKIE or kind & 0xC000 or length != len(data) - _HEADER.size:
            raise StunError("no STUN header")
        attributes: list[tuple[int, bytes]] = []
        integrity_at = -1
        at = _HEADER.size
        while at < len(data):
            name, octets = _ATTRIBUTE.unpack_from(data, at)
            begin, end = at + _ATTRIBUTE.size, at + _ATTRIBUTE.size + octets
            if end > len(data):
                raise StunError("attribute cut off")
            if name == Attribute.FINGERPRINT:
                _check_fingerprint(data, at, data[begin:end])
                return cls(kind, transaction, tuple(attributes), data, integrity_at)
            if integrity_at < 0:  # what stands behind the signature is nobody's word (RFC 8489 14.5)
                attributes.append((name, data[begin:end]))
            if name == Attribute.MESSAGE_INTEGRITY:
                integrity_at = at
            at = end + -octets % 4
        raise StunError("no fingerprint")

    def value(self, name: Attribute) -> bytes | None:
        """Of the first attribute `name`."""
        return next((value for key, value in self.attributes if key == name), None)

    @property
    def unknown(self) -> list[int]:
        """Attributes that must be understood and are not (RFC 8489 6.3.1)."""
        return [name for name, _ in self.attributes if name < 0x8000 and name not in _KNOWN]

    def is_signed(self, password: bytes) -> bool:
        """Whether MESSAGE-INTEGRITY is what `password` gives."""
        found = self.value(Attribute.MESSAGE_INTEGRITY)
        if found is None or len(found) != _INTEGRITY_OCTETS:
            return False
        return hmac.compare_digest(found, _signature(self.raw[: self.integrity_at], password))


def build(kind: int, transaction: bytes, attributes: list[tuple[int, bytes]], password: bytes) -> bytes:
    """A whole message, signed with `password` and with its fingerprint."""
    body = b"".join(_pack(name, value) for name, value in attributes)
    head = _HEADER.pack(kind, len(body), _COOKIE, transaction)
    signed = head + body
    signed += _pack(Attribute.MESSAGE_INTEGRITY, _signature(signed, password))
    whole = _with_length(signed, _ATTRIBUTE.size + _FINGERPRINT_OCTETS)
    return whole + _pack(Attribute.FINGERPRINT, _fingerprint(whole))


def answer(request: StunMessage, source: tuple[str, int], password: bytes) -> bytes:
    """The success that tells the sender where we saw it (RFC 8445 7.3.1)."""
    address = _xor_address(source, request.transaction)
    return build(BINDING_SUCCESS, request.transaction, [(Attribute.XOR_MAPPED_ADDRESS, address)], password)


def refuse(request: StunMessage, code: int, reason: str, password: bytes) -> bytes:
    """An error answer; one of 420 names what was not understood."""
    error = bytes((0, 0, code // 100, code % 100)) + reason.encode()
    attributes: list[tuple[int, bytes]] = [(Attribute.ERROR_CODE, error)]
    if code == 420:
        names = b"".join(name.to_bytes(2, "big") for name in request.unknown)
        attributes.append((Attribute.UNKNOWN_ATTRIBUTES, names))
    return build(BINDING_ERROR, request.transaction, attributes, password)


def _pack(name: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(name, len(value)) + value + b"\0" * (-len(value) % 4)


def _signature(octets: bytes, password: bytes) -> bytes:
    """HMAC-SHA1 of everything before the attribute, the header's length counting the attribute in (RFC 8489 14.5)."""
    return hmac.digest(password, _with_length(octets, _ATTRIBUTE.size + _INTEGRITY_OCTETS), sha1)


def _fingerprint(octets: bytes) -> bytes:
    """CRC-32 of everything before the attribute (RFC 8489 14.7)."""
    return (zlib.crc32(octets) ^ _FINGERPRINT_MASK).to_bytes(4, "big")


def _check_fingerprint(data: bytes, at: int, found: bytes) -> None:
    whole = _with_length(data[:at], _ATTRIBUTE.size + _FINGERPRINT_OCTETS)
    if at + _ATTRIBUTE.size + _FINGERPRINT_OCTETS != len(data) or found != _fingerprint(whole):
        raise StunError("fingerprint wrong")


def _with_length(octets: bytes, following: int) -> bytes:
    """`octets`, a message's beginning, its header's length as if only `following` more were to come."""
    length = len(octets) - _HEADER.size + following
    return octets[:2] + length.to_bytes(2, "big") + octets[4:]


def _xor_address(source: tuple[str, int], transaction: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS (RFC 8489 14.2)."""
    address: IPv4Address | IPv6Address = ip_address(source[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    mask = _COOKIE.to_bytes(4, "big") + transaction
    port = source[1] ^ _COOKIE >> 16
    octets = bytes(a ^ b for a, b in zip(address.packed, mask, strict=False))
    return struct.pack("!BBH", 0, 1 if address.version == 4 else 2, port) + octets


_KNOWN = frozenset(Attribute)
