"""RTCP (RFC 3550 section 6): sender and receiver reports with a CNAME, and BYE.

Only what a report needs is read; unknown packet types are stepped over by their length.
"""

import struct
from dataclasses import dataclass

from dialplane.rtp.packet import MalformedPacketError

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
BYE = 203
REPORT_INTERVAL_S = 5

_MOST_OCTETS = 1_500
_MOST_PACKETS = 16
_NTP_EPOCH_OFFSET_S = 2_208_988_800
_BLOCK = struct.Struct("!IIIIII")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What one receiver tells about one source (section 6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Of 256, since the last report."""
    packets_lost: int
    highest_sequence: int
    jitter: int
    """In ticks of the RTP clock."""
    last_sender_report: int = 0
    """The middle 32 bits of the NTP time of the last sender report seen, 0 where none was."""
    delay: int = 0
    """Since that report, in units of 1/65,536 s."""

    def __bytes__(self) -> bytes:
        lost = max(-0x80_0000, min(0x7F_FFFF, self.packets_lost)) & 0xFF_FFFF
        return _BLOCK.pack(
            self.ssrc,
            self.fraction_lost << 24 | lost,
            self.highest_sequence & 0xFFFF_FFFF,
            self.jitter & 0xFFFF_FFFF,
            self.last_sender_report,
            self.delay & 0xFFFF_FFFF,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """A sender report, or a receiver report where `packets_sent` is 0."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()
    ntp_time: int = 0
    rtp_timestamp: int = 0
    packets_sent: int = 0
    octets_sent: int = 0

    @property
    def middle_of_ntp_time(self) -> int:
        return self.ntp_time >> 16 & 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]


def ntp_time(unix_time: float) -> int:
    """A wall-clock time as a 64-bit NTP timestamp (RFC 3550 section 4)."""
    return int((unix_time + _NTP_EPOCH_OFFSET_S) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF


def build_report(report: Report, *, cname: str, bye: bool = False) -> bytes:
    """The compound packet: report, source description, and BYE where the stream ends (section 6.1)."""
    if report.packets_sent:
        kind = SENDER_REPORT
        sender = struct.pack(
            "!QIII",
            report.ntp_time,
            report.rtp_timestamp,
            report.packets_sent & 0xFFFF_FFFF,
            report.octets_sent & 0xFFFF_FFFF,
        )
    else:
        kind, sender = RECEIVER_REPORT, b""
    ssrc = report.ssrc.to_bytes(4, "big")
    blocks = report.blocks[:31]
    compound = _packet(kind, len(blocks), ssrc + sender + b"".join(map(bytes, blocks)))
    name = cname.encode()[:255]
    item = ssrc + bytes((1, len(name))) + name
    compound += _packet(SOURCE_DESCRIPTION, 1, item + bytes(4 - len(item) % 4))
    if bye:
        compound += _packet(BYE, 1, ssrc)
    return compound


def parse_compound(datagram: bytes) -> list[Report | Bye]:
    """The reports and farewells in a datagram.

    Raises MalformedPacketError where it is cut off, too long, of another version, or does not begin with a report.
    """
    if not 8 <= len(datagram) <= _MOST_OCTETS:
        raise MalformedPacketError("length of a compound packet out of limits")
    found: list[Report | Bye] = []
    offset = count = 0
    while offset < len(datagram):
        if len(datagram) - offset < 4:
            raise MalformedPacketError("header is cut off")
        first, kind, words = struct.unpack_from("!BBH", datagram, offset)
        end = offset + 4 + 4 * words
        count += 1
        if first >> 6 != 2 or end > len(datagram) or count > _MOST_PACKETS:
            raise MalformedPacketError("broken header, or too many packets")
        if count == 1 and kind not in (SENDER_REPORT, RECEIVER_REPORT):
            raise MalformedPacketError("does not begin with a report")
        body = datagram[offset + 4 : end]
        if kind in (SENDER_REPORT, RECEIVER_REPORT):
            found.append(_parse_report(body, first & 0x1F, is_sender=kind == SENDER_REPORT))
        elif kind == BYE:
            found.append(_parse_bye(body, first & 0x1F))
        offset = end
    return found


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def _parse_report(body: bytes, count: int, *, is_sender: bool) -> Report:
    start = 24 if is_sender else 4
    if len(body) < start + _BLOCK.size * count:
        raise MalformedPacketError("report is cut off")
    ssrc = int.from_bytes(body[:4], "big")
    blocks = tuple(_parse_block(body, start + _BLOCK.size * index) for index in range(count))
    if not is_sender:
        return Report(ssrc, blocks)
    return Report(ssrc, blocks, *struct.unpack_from("!QIII", body, 4))


def _parse_block(body: bytes, offset: int) -> ReportBlock:
    ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(body, offset)
    lost = loss & 0xFF_FFFF
    return ReportBlock(ssrc, loss >> 24, lost - (lost >> 23 << 24), highest, jitter, last, delay)


def _parse_bye(body: bytes, count: int) -> Bye:
    if len(body) < 4 * count:
        raise MalformedPacketError("BYE is cut off")
    return Bye(struct.unpack_from(f"!{count}I", body))
