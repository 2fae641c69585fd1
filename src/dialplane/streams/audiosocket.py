"""AudioSocket (Asterisk's protocol for audio over TCP): frames of a kind, a length of two octets, and a payload.

The caller's side begins with the id of the call; audio is linear, 16 bit, little-endian, 8,000 Hz.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

_HEADER = struct.Struct("!BH")


class Kind(IntEnum):
    HANG_UP = 0x00
    ID = 0x01
    DIGIT = 0x03
    AUDIO = 0x10
    FAULT = 0xFF


@dataclass(frozen=True, slots=True)
class Frame:
    kind: int
    payload: bytes = b""

    def __bytes__(self) -> bytes:
        return _HEADER.pack(self.kind, len(self.payload)) + self.payload


def introduction(call_id: UUID) -> bytes:
    """The first frame of a connection."""
    return bytes(Frame(Kind.ID, call_id.bytes))


class FrameReader:
    """Cuts what comes into frames. A frame is 64 KiB at most, so what is kept is bounded."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        self._kept += data
        frames = []
        at = 0
        while len(self._kept) - at >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._kept, at)
            end = at + _HEADER.size + length
            if end > len(self._kept):
                break
            frames.append(Frame(kind, bytes(self._kept[at + _HEADER.size : end])))
            at = end
        del self._kept[:at]
        return frames
