"""Putting the two directions of a call onto one time line.

Packets come late, twice, out of order or not at all; each is written where its RTP timestamp says, and the holes are
silence.
"""

import numpy as np

from dialplane.audio.g711 import RATE_HZ, ULAW_SILENCE, Samples

_LEAD_SAMPLES = RATE_HZ * 40 // 1000
"""A stream's first packet is placed this much after its arrival, so that later ones may have less delay."""
_FURTHEST_SAMPLES = RATE_HZ * 400 // 1000
"""A packet that would land further than this from now belongs to a new time base: the sender changed its clock."""
_WRAP = 1 << 32
_SILENCE = bytes((ULAW_SILENCE,))
_NOWHERE = 1 << 62
"""A shift to where no position is."""


def mix(first: Samples, second: Samples) -> Samples:
    """The sum, held at full scale where it would overflow."""
    total = first.astype(np.int32) + second
    clipped: Samples = np.clip(total, -32_768, 32_767).astype(np.int16)
    return clipped


class Timeline:
    """Where a stream's RTP timestamps are in samples since a beginning."""

    __slots__ = ("_lead", "_shift")

    def __init__(self, *, lead: int = 0) -> None:
        """`lead`: how much later than it arrives the stream's first packet is placed."""
        self._lead = lead
        self._shift = _NOWHERE
        """From a timestamp to its position."""

    def position(self, rtp_timestamp: int, now: int) -> int:
        """`now` is the position of this moment. A timestamp that leads far away from it begins anew there."""
        position = rtp_timestamp + self._shift
        if -_FURTHEST_SAMPLES <= position - now <= _FURTHEST_SAMPLES:
            return position
        for wrapped in (position + _WRAP, position - _WRAP):
            if -_FURTHEST_SAMPLES <= wrapped - now <= _FURTHEST_SAMPLES:
                break
        else:
            wrapped = now + self._lead
        self._shift = wrapped - rtp_timestamp
        return wrapped

    def begin_anew(self) -> None:
        """The next timestamp is that of this moment, whatever it is."""
        self._shift = _NOWHERE


class Track:
    """One direction: mu-law audio on a time line that begins with 0 samples."""

    __slots__ = ("_pending", "_start", "_timeline")

    def __init__(self) -> None:
        self._timeline = Timeline(lead=_LEAD_SAMPLES)
        self._start = 0
        """Position of the first pending sample."""
        self._pending = bytearray()

    def put(self, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: int) -> None:
        """Place one packet's audio. `now` is the position of this moment; what is already taken is not changed."""
        begin = self._timeline.position(rtp_timestamp, now) - self._start
        if begin < 0:
            ulaw = ulaw[-begin:]
            begin = 0
        gap = begin - len(self._pending)
        if gap > 0:
            self._pending += _SILENCE * gap
        self._pending[begin : begin + len(ulaw)] = ulaw

    def take(self, count: int) -> bytes:
        """The next samples as mu-law, whatever is missing as silence."""
        taken = bytes(self._pending[:count])
        del self._pending[:count]
        self._start += count
        return taken.ljust(count, _SILENCE)

    def go_on(self) -> None:
        """After a pause, in which the positions stood still and the sender's clock did not."""
        self._timeline.begin_anew()
