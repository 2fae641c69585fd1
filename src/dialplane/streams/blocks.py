"""Messages on a byte stream: two octets of length, then the message. What the API and a voice node speak."""

import struct

_LENGTH = struct.Struct("!H")
LENGTH_OCTETS = _LENGTH.size
LARGEST = 0xFFFF


def pack(message: bytes) -> bytes:
    """Raises ValueError where the message is longer than `LARGEST`."""
    if len(message) > LARGEST:
        raise ValueError(f"a message has {LARGEST} octets at most")
    return _LENGTH.pack(len(message)) + message


def unpack_length(head: bytes) -> int:
    """Of the message that follows `head`, which has `LENGTH_OCTETS`."""
    length: int = _LENGTH.unpack(head)[0]
    return length
