"""The RTP header (RFC 3550 section 5.1): reading it from a datagram and writing it."""

import struct
from dataclasses import dataclass

HEADER = struct.Struct("!BBHII")
HEADER_OCTETS = 12
CLOCK_HZ = 8_000
FRAME_MS = 20
FRAME_SAMPLES = CLOCK_HZ * FRAME_MS // 1000
"""Samples in a frame of 20 ms; in G.711 also its octets, and what its RTP timestamp grows by."""

PCMU = 0
PCMA = 8


class MalformedPacketError(ValueError):
    """The datagram is no RTP or RTCP packet: the peer's fault, to be dropped and counted."""


@dataclass(frozen=True, slots=True)
class Packet:
    payload_type: int
    sequence_number: int
    rtp_timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    @classmethod
    def parse(cls, datagram: bytes | bytearray | memoryview) -> "Packet":
        """Read one datagram; padding, extension and CSRC list are stepped over.

        Raises MalformedPacketError for anything that RFC 3550 appendix A.1 calls invalid.
        """
        start, end = payload_span(datagram)
        _, second, sequence_number, rtp_timestamp, ssrc = HEADER.unpack_from(datagram)
        payload = bytes(datagram[start:end])
        return cls(second & 0x7F, sequence_number, rtp_timestamp, ssrc, payload, bool(second & 0x80))

    def __bytes__(self) -> bytes:
        second = self.payload_type | self.marker << 7
        return HEADER.pack(0x80, second, self.sequence_number, self.rtp_timestamp, self.ssrc) + self.payload


def payload_span(datagram: bytes | bytearray | memoryview) -> tuple[int, int]:
    """Where the payload begins and ends.

    Raises MalformedPacketError where the version is not 2 or a length points outside of the datagram.
    """
    size = len(datagram)
    if size < HEADER_OCTETS:
        raise MalformedPacketError("shorter than a header")
    first = datagram[0]
    if first >> 6 != 2:
        raise MalformedPacketError("version is not 2")
    start = HEADER_OCTETS + 4 * (first & 0x0F)
    if first & 0x10:
        if size < start + 4:
            raise MalformedPacketError("extension is cut off")
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
    end = size
    if first & 0x20:
        padding = datagram[size - 1]
        if padding == 0:
            raise MalformedPacketError("padding of length zero")
        end -= padding
    if start > end:
        raise MalformedPacketError("header is longer than the datagram")
    return start, end


def sequence_difference(newer: int, older: int) -> int:
    """How far `newer` is ahead of `older`, between -32,768 and 32,767, across the wrap at 65,536."""
    return ((newer - older + 0x8000) & 0xFFFF) - 0x8000


def timestamp_difference(newer: int, older: int) -> int:
    """The same for 32-bit RTP timestamps."""
    return ((newer - older + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
