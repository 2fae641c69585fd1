"""Who has a copy of a leg's audio: its recording, its taps, the room that it is in."""

from dialplane.media.recording import Recording
from dialplane.media.seat import Seat
from dialplane.media.tap import Tap


class Copies:
    """Of one leg. Times are seconds on the monotonic clock; audio is mu-law."""

    __slots__ = ("recording", "seat", "taps")

    def __init__(self) -> None:
        self.recording: Recording | None = None
        self.seat: Seat | None = None
        self.taps: dict[int, Tap] = {}

    @property
    def take_heard(self) -> bool:
        """Whether there is anybody for what the party says."""
        return self.recording is not None or self.seat is not None or bool(self.taps)

    @property
    def take_sent(self) -> bool:
        """Whether there is anybody for what the party is sent."""
        is_recorded = self.recording is not None and self.recording.takes_sent
        return is_recorded or any(tap.sent is not None for tap in self.taps.values())

    def put_heard(
        self, stream: object, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: float, *, is_muted: bool
    ) -> None:
        """`ulaw` is silence already where the party is muted; in a room there is nothing of it at all then."""
        if self.seat is not None and not is_muted:
            self.seat.put(stream, rtp_timestamp, ulaw)
        if self.recording is not None:
            self.recording.put_heard(rtp_timestamp, ulaw, now)
        for tap in self.taps.values():
            tap.put_heard(rtp_timestamp, ulaw, now)

    def put_sent(self, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: float) -> None:
        if self.recording is not None:
            self.recording.put_sent(rtp_timestamp, ulaw, now)
        for tap in self.taps.values():
            tap.put_sent(rtp_timestamp, ulaw, now)
