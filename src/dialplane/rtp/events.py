"""Digits as telephone events (RFC 4733): sending one, and hearing each once."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from dialplane.rtp.packet import FRAME_SAMPLES, MalformedPacketError, timestamp_difference

DIGITS = "0123456789*#ABCD"
"""A digit's place is its event code (RFC 4733 table 3)."""

_EVENT = struct.Struct("!BBH")
_END = 0x80
_VOLUME_DBM0 = 10
_LONGEST_TICKS = 0xFFFF
_LATEST_TICKS = 2 * _LONGEST_TICKS
"""What is further behind is not late, but of a sender that has begun its timestamps anew."""
_END_PACKETS = 3
"""The last packet is sent three times, as it may be lost (section 2.5.1.4)."""


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """The payload of one event packet (section 2.3)."""

    code: int
    is_end: bool
    duration: int
    """In ticks of the RTP clock, so far."""
    volume: int = _VOLUME_DBM0
    """Below 0 dBm0; the sign is dropped."""

    @classmethod
    def parse(cls, payload: bytes) -> "TelephoneEvent":
        """Raises MalformedPacketError where it is shorter than one event."""
        if len(payload) < _EVENT.size:
            raise MalformedPacketError("telephone-event is cut off")
        code, flags, duration = _EVENT.unpack_from(payload)
        return cls(code, bool(flags & _END), duration, flags & 0x3F)

    def __bytes__(self) -> bytes:
        return _EVENT.pack(self.code, (_END if self.is_end else 0) | self.volume, self.duration)


def event_payloads(digit: str, *, duration_ms: int) -> Iterator[bytes]:
    """The payloads of one digit, one to be sent every 20 ms, all with the RTP timestamp of the first.

    The first carries the marker bit; the last three are the same packet with the end bit.
    """
    code = DIGITS.index(digit)
    frames = max(2, round(duration_ms / 20))
    for frame in range(1, frames):
        yield bytes(TelephoneEvent(code, False, min(frame * FRAME_SAMPLES, _LONGEST_TICKS)))
    end = bytes(TelephoneEvent(code, True, min(frames * FRAME_SAMPLES, _LONGEST_TICKS)))
    for _ in range(_END_PACKETS):
        yield end


class EventReceiver:
    """Tells each digit of one stream once, at the first packet of it that arrives.

    All packets of an event share its RTP timestamp, so it does not matter which of them are lost. An event of more
    than 8 s goes on under a new timestamp (section 2.5.1.3) and is still the same key press.
    """

    __slots__ = ("_continues_at", "_last")

    def __init__(self) -> None:
        self._last: int | None = None
        self._continues_at: tuple[int, int] | None = None
        """Code and timestamp under which the event that is held down would go on."""

    def receive(self, rtp_timestamp: int, payload: bytes) -> str | None:
        """The digit, where this packet is the first of a new one.

        Raises MalformedPacketError where the payload is no event.
        """
        event = TelephoneEvent.parse(payload)
        is_old = self._last is not None and 0 <= timestamp_difference(self._last, rtp_timestamp) < _LATEST_TICKS
        if is_old and rtp_timestamp != self._last:
            return None
        continues = self._continues_at == (event.code, rtp_timestamp)
        self._last = rtp_timestamp
        after = (rtp_timestamp + event.duration) & 0xFFFF_FFFF
        is_longest = event.duration == _LONGEST_TICKS and not event.is_end
        self._continues_at = (event.code, after) if is_longest else self._continues_at if continues else None
        if is_old or continues or event.code >= len(DIGITS):
            return None
        return DIGITS[event.code]
