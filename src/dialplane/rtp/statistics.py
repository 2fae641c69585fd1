"""What a receiver knows about one stream: loss and jitter (RFC 3550 sections 6.4.1 and A.3, A.8)."""

from dialplane.rtp.packet import CLOCK_HZ, sequence_difference
from dialplane.rtp.rtcp import ReportBlock

_LARGEST_JUMP = 3_000
"""A sequence number further away than this is a restarted sender, not loss (MAX_DROPOUT of appendix A.1)."""


class ReceiveStatistics:
    """Figures of one SSRC. `receive` is called once a packet, in the order of arrival."""

    __slots__ = (
        "_expected_before",
        "_first",
        "_highest",
        "_jitter",
        "_received_before",
        "_received_earlier",
        "_surplus",
        "_transit",
        "earlier_lost",
        "ssrc",
    )

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.earlier_lost = 0
        """Lost before the sender last restarted its numbers."""
        self._first = 0
        self._highest = -1
        """Extended: the wraps stand above the 16 bits."""
        self._jitter = 0.0
        self._transit = 0.0
        self._expected_before = 0
        self._received_before = 0
        self._surplus = 0
        """Packets received over what was expected since the sender's restart: below 0 where some are missing."""
        self._received_earlier = 0

    def receive(self, sequence_number: int, rtp_timestamp: int, now: float) -> None:
        # Written out in one piece: it runs for every packet of every call.
        transit = now * CLOCK_HZ - rtp_timestamp
        highest = self._highest
        if highest < 0:
            self._first = self._highest = sequence_number
            self._transit = transit
            return
        if (sequence_number - highest) & 0xFFFF == 1:
            self._highest = highest + 1
        else:
            self._jump(sequence_number)
        distance = transit - self._transit
        self._transit = transit
        if distance < 0:
            distance = -distance
        # A jump of a second is a new time base (the wrap of the clock, a sender that was joined), not the network's
        if distance < CLOCK_HZ:
            self._jitter += (distance - self._jitter) / 16

    @property
    def received(self) -> int:
        """Packets, duplicates among them."""
        return self._received_earlier + self._counted

    @property
    def lost(self) -> int:
        """Packets that never came, since the beginning; duplicates may hide some."""
        return self.earlier_lost + max(0, self._expected - self._counted)

    @property
    def jitter_ms(self) -> float:
        return self._jitter * 1000 / CLOCK_HZ

    def report(self, *, last_sender_report: int = 0, delay: int = 0) -> ReportBlock:
        """The block for the next report; the fraction counts from the call before."""
        expected, received = self._expected, self._counted
        expected_now = expected - self._expected_before
        lost_now = max(0, expected_now - (received - self._received_before))
        self._expected_before, self._received_before = expected, received
        return ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=min(255, 256 * lost_now // expected_now) if expected_now > 0 else 0,
            packets_lost=self.lost,
            highest_sequence=max(0, self._highest),
            jitter=int(self._jitter),
            last_sender_report=last_sender_report,
            delay=delay,
        )

    @property
    def _expected(self) -> int:
        return self._highest - self._first + 1 if self._highest >= 0 else 0

    @property
    def _counted(self) -> int:
        return self._expected + self._surplus

    def _jump(self, sequence_number: int) -> None:
        step = sequence_difference(sequence_number, self._highest)
        if abs(step) > _LARGEST_JUMP:
            self._restart(sequence_number)
            return
        self._surplus += 1
        if step > 0:
            self._highest += step
            self._surplus -= step

    def _restart(self, sequence_number: int) -> None:
        self.earlier_lost = self.lost
        self._received_earlier = self.received
        self._first = self._highest = sequence_number
        self._surplus = 0
        self._expected_before = self._received_before = 0
