"""Judging a stream as it arrived at its receiver: what is lost and what is late.

What a sender says of its own punctuality proves nothing; this is counted where it matters.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from dialplane.rtp.packet import CLOCK_HZ, sequence_difference, timestamp_difference

LATE_S = 0.010


class Arrival(NamedTuple):
    """One packet of audio, and when it came: seconds on a clock that does not jump."""

    sequence_number: int
    rtp_timestamp: int
    at: float


@dataclass(frozen=True, slots=True)
class Punctuality:
    """Of one stream, or of several added up."""

    packets: int = 0
    lost: int = 0
    """Sequence numbers between the first and the last that never came."""
    late: int = 0
    """Packets more than 10 ms behind the stream's own clock, as its most punctual packet shows it."""
    worst_s: float = 0.0

    def __add__(self, other: "Punctuality") -> "Punctuality":
        return Punctuality(
            self.packets + other.packets,
            self.lost + other.lost,
            self.late + other.late,
            max(self.worst_s, other.worst_s),
        )

    @property
    def late_share(self) -> float:
        return self.late / self.packets if self.packets else 0.0

    @property
    def lost_share(self) -> float:
        return self.lost / (self.packets + self.lost) if self.packets else 0.0


def judge_stream(arrivals: Iterable[Arrival]) -> Punctuality:
    """Judge the packets of one SSRC, in the order of their arrival. Copies of a packet count once, as its first."""
    numbers: set[int] = set()
    delays: list[float] = []
    number = media_time = 0
    last: Arrival | None = None
    for arrival in arrivals:
        if last is not None:
            number += sequence_difference(arrival.sequence_number, last.sequence_number)
            media_time += timestamp_difference(arrival.rtp_timestamp, last.rtp_timestamp)
        last = arrival
        if number not in numbers:
            numbers.add(number)
            delays.append(arrival.at - media_time / CLOCK_HZ)
    if not delays:
        return Punctuality()
    least = min(delays)
    return Punctuality(
        packets=len(delays),
        lost=max(numbers) - min(numbers) + 1 - len(numbers),
        late=sum(delay - least > LATE_S for delay in delays),
        worst_s=max(delays) - least,
    )
