"""What arrives at a leg: whose packets count, the stream that they make, and its figures."""

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from dialplane.domain.calling.media import RemoteMedia
from dialplane.media.ports import PacketSocket
from dialplane.media.unconnect import unconnect
from dialplane.rtp.packet import HEADER, HEADER_OCTETS, MalformedPacketError, payload_span
from dialplane.rtp.source import Address, SourceLock
from dialplane.rtp.statistics import ReceiveStatistics

DATAGRAM = bytearray(2_048)
"""Where every packet is received and rewritten: one at a time, in a process of one thread."""
VIEW = memoryview(DATAGRAM)


class Incoming:
    """One leg's receiving side. After `read` the packet is in `DATAGRAM`, in the usual form."""

    __slots__ = (
        "_is_locked",
        "_lock",
        "_on_source",
        "_rtp",
        "_takes_over",
        "_types",
        "heard_at",
        "lost_before",
        "marker",
        "received_before",
        "sequence_number",
        "statistics",
        "strangers",
        "timestamp",
    )

    def __init__(self, rtp: PacketSocket, on_source: Callable[[Address, bool], None]) -> None:
        """`on_source` is told where the party sends from, and whether the socket is connected to it."""
        self._rtp = rtp
        self._on_source = on_source
        self._lock: SourceLock | None = None
        self._is_locked = False
        self._takes_over = True
        """Whether the next SSRC may become the stream's: after a new SDP."""
        self._types: tuple[int | None, ...] = ()
        """Payload types of what was agreed: audio, events."""
        self.statistics: ReceiveStatistics | None = None
        """Of the stream that counts; another stream has another object."""
        self.received_before = 0
        """Under earlier SSRCs."""
        self.lost_before = 0
        self.strangers = 0
        """Packets dropped for their source, while the kernel did not yet drop them for us."""
        self.heard_at = 0.0
        self.marker = 0
        self.sequence_number = 0
        self.timestamp = 0

    def go_through(self, rtp: PacketSocket) -> None:
        """Read from another socket from now on, which stands before this one."""
        if self._is_locked:
            unconnect(self._rtp)
            self._is_locked = False
        self._rtp = rtp

    def expect(self, remote: RemoteMedia, now: float) -> None:
        """Take a new SDP: the source is open again, for its preferred address at once and others for 3 s.

        Raises ValueError where the host is a name: looking it up would keep everybody waiting.
        """
        source = (str(ip_address(remote.host)), remote.port)  # as the kernel spells it in what it receives
        if self._is_locked:
            unconnect(self._rtp)
            self._is_locked = False
        self._lock = SourceLock(source, now)
        self._takes_over = True
        self._types = (remote.payload_type, remote.telephone_event)
        self.heard_at = now
        self._on_source(source, False)

    def read(self, now: float) -> int:
        """Receive one datagram. The answer is its size, 0 where it does not count."""
        try:
            if self._is_locked:
                size = self._rtp.recv_into(DATAGRAM)  # connected: the kernel lets nobody else's through
            else:
                size, source = self._rtp.recvfrom_into(DATAGRAM)
                if not self._admit_source(source[:2], now):
                    return 0
        except OSError:  # the ICMP answer to something we sent: the far end has closed its port, or not opened it yet
            return 0
        if size <= HEADER_OCTETS or DATAGRAM[0] != 0x80:
            size = _strip(size)
            if not size:
                return 0
        _, second, sequence_number, timestamp, ssrc = HEADER.unpack_from(DATAGRAM)
        statistics = self.statistics
        if statistics is None or ssrc != statistics.ssrc or self._takes_over:
            if second & 0x7F not in self._types:
                # RTCP on this port, a keep-alive, comfort noise: a sign of life, but the SSRC in it names no stream of
                # what was agreed (RFC 3550 A.1), and must not keep the audio's own out.
                self.heard_at = now
                return 0
            statistics = self._admit_stream(ssrc)
            if statistics is None:
                return 0
        statistics.receive(sequence_number, timestamp, now)
        self.heard_at = now
        self.marker = second & 0x80
        self.sequence_number = sequence_number
        self.timestamp = timestamp
        return size

    def settle(self, now: float) -> None:
        """To be called now and then: fixes the source when its time has come."""
        if self._lock is not None and not self._is_locked and self._lock.settle(now):
            self._fix_source(self._lock.source)

    def comes_from_party(self, host: str) -> bool:
        """Whether RTCP from there counts: it follows the RTP's source (RTP-1)."""
        return self._lock is not None and self._lock.source[0] == host

    @property
    def received(self) -> int:
        return self.received_before + (self.statistics.received if self.statistics is not None else 0)

    @property
    def lost(self) -> int:
        return self.lost_before + (self.statistics.lost if self.statistics is not None else 0)

    def _admit_source(self, source: Address, now: float) -> bool:
        lock = self._lock
        if lock is None:
            return False
        before = lock.source
        if not lock.accept(source, now):
            self.strangers += 1
            return False
        if lock.source != before:
            self._takes_over = True
            self._on_source(source, False)
        if lock.is_settled:
            self._fix_source(source)
        return True

    def _fix_source(self, source: Address) -> None:
        with suppress(OSError):  # no way to it right now: stay as we are, the next packet or second tries again
            self._rtp.connect(source)
            self._is_locked = True
            self._on_source(source, True)

    def _admit_stream(self, ssrc: int) -> ReceiveStatistics | None:
        """The statistics of this SSRC, None where it may not become the stream: only a new SDP lets it (RTP-1)."""
        current = self.statistics
        if current is not None and current.ssrc == ssrc:
            self._takes_over = False
            return current
        if current is not None and not self._takes_over:
            self.strangers += 1
            return None
        self.received_before, self.lost_before = self.received, self.lost
        self._takes_over = False
        self.statistics = ReceiveStatistics(ssrc)
        return self.statistics


def _strip(size: int) -> int:
    """Bring an unusual packet in the buffer (padding, extension, CSRC list) into the usual form.

    The answer is its new size, 0 where it is no RTP or has no payload.
    """
    try:
        start, end = payload_span(VIEW[:size])
    except MalformedPacketError:
        return 0
    if start == end:
        return 0
    payload = bytes(VIEW[start:end])
    DATAGRAM[0] = 0x80
    DATAGRAM[HEADER_OCTETS : HEADER_OCTETS + len(payload)] = payload
    return HEADER_OCTETS + len(payload)
