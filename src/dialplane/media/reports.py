"""A leg's RTCP: reports every five seconds, a farewell, and the party's reports taken."""

import time

from dialplane.media.incoming import Incoming
from dialplane.media.outgoing import Outgoing
from dialplane.media.ports import PacketSocket
from dialplane.rtp.packet import MalformedPacketError
from dialplane.rtp.rtcp import Report, ReportBlock, build_report, ntp_time, parse_compound
from dialplane.rtp.source import Address


class Reports:
    """The RTCP socket of one leg. Times are seconds on the monotonic clock."""

    __slots__ = ("_incoming", "_last_report", "_outgoing", "_rtcp", "target")

    def __init__(self, rtcp: PacketSocket, incoming: Incoming, outgoing: Outgoing) -> None:
        self._rtcp = rtcp
        self._incoming = incoming
        self._outgoing = outgoing
        self._last_report = (0, 0.0)
        """The middle of the NTP time in the party's last sender report, and when it came."""
        self.target: Address | None = None

    def go_through(self, rtcp: PacketSocket) -> None:
        """Use another socket from now on, which stands before this one."""
        self._rtcp = rtcp

    def receive(self, now: float) -> None:
        """Take one datagram from the RTCP port."""
        try:
            datagram, source = self._rtcp.recvfrom(2_048)
        except OSError:  # the ICMP answer to a report of ours: the party has no RTCP
            return
        if not self._incoming.comes_from_party(source[0]):
            self._incoming.strangers += 1
            return
        try:
            packets = parse_compound(datagram)
        except MalformedPacketError:
            return
        self.target = source[:2]
        for packet in packets:
            if isinstance(packet, Report) and packet.packets_sent:
                self._last_report = (packet.middle_of_ntp_time, now)

    def send(self, now: float, *, bye: bool = False) -> None:
        """Tell the party how its stream arrives and what we sent. Raises OSError as the socket does."""
        statistics, outgoing = self._incoming.statistics, self._outgoing
        outgoing.catch_up()
        if self.target is None or (statistics is None and not outgoing.packets_sent):
            return
        blocks: tuple[ReportBlock, ...] = ()
        if statistics is not None:
            last, arrived = self._last_report
            delay = int((now - arrived) * 65_536) if last else 0
            blocks = (statistics.report(last_sender_report=last, delay=delay),)
        report = Report(
            outgoing.ssrc,
            blocks,
            ntp_time(time.time()),
            outgoing.timestamp,
            outgoing.packets_sent,
            outgoing.octets_sent,
        )
        self._rtcp.sendto(build_report(report, cname=f"{outgoing.ssrc:08x}", bye=bye), self.target)
