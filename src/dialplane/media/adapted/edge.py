"""The edge of one leg whose party wants SRTP or another codec: looks like two sockets of plain G.711 to the leg.

What is not authentic is nobody's (CVE-14): it is dropped before anybody asks where it came from, so that junk can
neither take a leg's source over nor end its call.
"""

import socket
import struct
from dataclasses import replace

from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from dialplane.domain.calling.media import RemoteMedia, SrtpKeys, SrtpSuite
from dialplane.media.translation import Translation, needs_translation
from dialplane.rtp.source import Address

_LARGEST = 2_048
_SMALLEST_RTP, _SMALLEST_RTCP = 12, 8
_SENDER_REPORT = 200
_RTCP_TIMESTAMP = struct.Struct("!I")
_RTCP_TIMESTAMP_AT = 16
_PROFILES = {
    SrtpSuite.AES_CM_128_HMAC_SHA1_80: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    SrtpSuite.AES_CM_128_HMAC_SHA1_32: Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}


class PartyEdge:
    """Give `rtp` and `rtcp` to the leg as its sockets."""

    def __init__(self, rtp: socket.socket, rtcp: socket.socket) -> None:
        self._rtp = rtp
        self._rtcp = rtcp
        self._keys: SrtpKeys | None = None
        self._receiving: Session | None = None
        self._sending: Session | None = None
        self._translation: Translation | None = None
        self.rtp = EdgeRtp(self)
        self.rtcp = EdgeRtcp(self)

    def expect(self, remote: RemoteMedia, event_clock_hz: int, keys: SrtpKeys | None) -> None:
        """Take what was agreed. A direction whose key stays goes on: its packets are counted from its beginning."""
        if not needs_translation(remote.codec):
            self._translation = None
        elif self._translation is None or not self._translation.suits(remote, event_clock_hz):
            self._translation = Translation(remote, event_clock_hz)
        before, self._keys = self._keys, keys
        if keys is None:
            self._receiving = self._sending = None
            return
        profile = _PROFILES[keys.suite]
        is_same_suite = before is not None and before.suite == keys.suite
        if not is_same_suite or before is None or before.theirs != keys.theirs:
            self._receiving = Session(Policy(keys.theirs, Policy.SSRC_ANY_INBOUND, srtp_profile=profile))
        if not is_same_suite or before is None or before.ours != keys.ours:
            self._sending = Session(Policy(keys.ours, Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))

    def as_leg_sees(self, remote: RemoteMedia) -> RemoteMedia:
        """The far end that the leg is to connect to: of plain mu-law where it is translated."""
        return replace(remote, codec="PCMU") if self._translation is not None else remote

    def read(self) -> tuple[bytes, Address]:
        """One packet as the leg takes it. Raises OSError where there is none, or what came is not for the leg."""
        datagram, source = self._rtp.recvfrom(_LARGEST)
        packet = self._opened(datagram, _SMALLEST_RTP)
        if self._translation is not None:
            packet = self._translation.incoming(packet)
        if not packet:
            raise BlockingIOError("nothing for the leg")
        return packet, source[:2]

    def write(self, packet: bytes, target: Address) -> None:
        """Send RTP of the leg. Raises OSError."""
        translation, sending = self._translation, self._sending
        for each in (packet,) if translation is None else translation.outgoing(packet):
            self._rtp.sendto(each if sending is None else _protected(sending, each), target)

    def read_rtcp(self, size: int) -> tuple[bytes, Address]:
        """Raises OSError as `read`."""
        datagram, source = self._rtcp.recvfrom(size)
        if self._receiving is None:
            return datagram, source[:2]
        if len(datagram) < _SMALLEST_RTCP:
            raise BlockingIOError("no report")
        try:
            return self._receiving.unprotect_rtcp(datagram), source[:2]
        except SrtpError as fault:
            raise BlockingIOError("not authentic") from fault

    def write_rtcp(self, packet: bytes, target: Address) -> None:
        """Raises OSError."""
        if self._translation is not None and packet[1] == _SENDER_REPORT:
            ours = bytearray(packet)
            (timestamp,) = _RTCP_TIMESTAMP.unpack_from(packet, _RTCP_TIMESTAMP_AT)
            _RTCP_TIMESTAMP.pack_into(ours, _RTCP_TIMESTAMP_AT, self._translation.outgoing_timestamp(timestamp))
            packet = bytes(ours)
        self._rtcp.sendto(packet if self._sending is None else self._sending.protect_rtcp(packet), target)

    def _opened(self, datagram: bytes, least: int) -> bytes:
        if self._receiving is None:
            return datagram
        if len(datagram) < least:
            raise BlockingIOError("no packet")
        try:
            return self._receiving.unprotect(datagram)
        except SrtpError as fault:
            raise BlockingIOError("not authentic") from fault


def _protected(sending: Session, packet: bytes) -> bytes:
    try:
        return sending.protect(packet)
    except SrtpError as fault:  # a sequence number long gone: the party would not take it either
        raise BlockingIOError("too late") from fault


class EdgeRtp:
    """The leg's RTP socket. It never is connected, so that everything passes through the edge."""

    def __init__(self, edge: PartyEdge) -> None:
        self._edge = edge

    def fileno(self) -> int:
        """None that anything may be written to."""
        return -1

    def recvfrom_into(self, buffer: bytearray) -> tuple[int, Address]:
        packet, source = self._edge.read()
        size = len(packet)
        buffer[:size] = packet
        return size, source

    def recv_into(self, buffer: bytearray) -> int:
        return self.recvfrom_into(buffer)[0]

    def recvfrom(self, size: int) -> tuple[bytes, Address]:
        packet, source = self._edge.read()
        return packet[:size], source

    def sendto(self, packet: bytes | bytearray | memoryview, target: Address) -> int:
        self._edge.write(bytes(packet), target)
        return len(packet)

    def connect(self, target: Address) -> None:
        raise OSError("the edge looks at every packet")


class EdgeRtcp(EdgeRtp):
    """The leg's RTCP socket."""

    def recvfrom(self, size: int) -> tuple[bytes, Address]:
        return self._edge.read_rtcp(size)

    def sendto(self, packet: bytes | bytearray | memoryview, target: Address) -> int:
        self._edge.write_rtcp(bytes(packet), target)
        return len(packet)
