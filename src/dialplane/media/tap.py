"""A copy of a leg's audio for the runtime: mu-law in frames of 20 ms, each with its time."""

from collections.abc import Callable, Iterator

from dialplane.audio.mixing import Timeline
from dialplane.media.protocol import TapAudio
from dialplane.rtp.packet import CLOCK_HZ, FRAME_SAMPLES


class Tap:
    """Times are seconds on the caller's monotonic clock; what is told counts from the tap's beginning."""

    __slots__ = ("_began", "_leg_id", "_number", "_on_audio", "heard", "sent")

    def __init__(
        self, leg_id: int, number: int, now: float, on_audio: Callable[[TapAudio], None], *, heard: bool, sent: bool
    ) -> None:
        self._leg_id = leg_id
        self._number = number
        self._began = now
        self._on_audio = on_audio
        self.heard = Cutter() if heard else None
        self.sent = Cutter() if sent else None

    def put_heard(self, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: float) -> None:
        if self.heard is not None:
            self._put(self.heard, "inbound", rtp_timestamp, ulaw, now)

    def put_sent(self, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: float) -> None:
        if self.sent is not None:
            self._put(self.sent, "outbound", rtp_timestamp, ulaw, now)

    def _put(
        self, cutter: "Cutter", track: str, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: float
    ) -> None:
        for position, frame in cutter.cut(rtp_timestamp, ulaw, int((now - self._began) * CLOCK_HZ)):
            at_ms = position * 1000 // CLOCK_HZ
            self._on_audio(TapAudio(self._leg_id, self._number, track, at_ms, frame))


class Cutter:
    """Cuts one direction into frames, in order. What is lost or comes too late for that is left out."""

    __slots__ = ("_next", "_pending", "_timeline")

    def __init__(self) -> None:
        self._timeline = Timeline()
        self._next = 0
        """Position after the last sample that was taken."""
        self._pending = b""
        """Less than a frame, up to there."""

    def cut(self, rtp_timestamp: int, ulaw: bytes | bytearray | memoryview, now: int) -> Iterator[tuple[int, bytes]]:
        """Frames that are complete, with their positions. `now` is the position of this moment."""
        position = self._timeline.position(rtp_timestamp, now)
        if position < self._next:
            return
        if self._pending and position != self._next:
            self._pending = b""
        data = self._pending + bytes(ulaw)
        position -= len(self._pending)
        self._next = position + len(data)
        while len(data) >= FRAME_SAMPLES:
            yield position, data[:FRAME_SAMPLES]
            data = data[FRAME_SAMPLES:]
            position += FRAME_SAMPLES
        self._pending = data
