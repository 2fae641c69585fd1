"""Frames of MessagePack on the Unix socket between a call runtime and the media process, each behind its length (4
octets, big-endian)."""

import struct
from collections.abc import Iterator

import msgspec

_LENGTH = struct.Struct("!I")
_LONGEST_FRAME = 1 << 20

_encoder = msgspec.msgpack.Encoder()


class ProtocolError(Exception):
    """The other end of the socket does not speak this protocol."""


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of every frame; the tag is the class's name."""


def encode(message: Message) -> bytes:
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts a stream of bytes into the frames' bodies."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that are complete by now. Raises ProtocolError where one is longer than 1 MiB."""
        self._buffer += data
        offset = 0
        while len(self._buffer) - offset >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, offset)
            if length > _LONGEST_FRAME:
                raise ProtocolError(f"a frame of {length} octets")
            end = offset + _LENGTH.size + length
            if end > len(self._buffer):
                break
            yield bytes(self._buffer[offset + _LENGTH.size : end])
            offset = end
        del self._buffer[:offset]
