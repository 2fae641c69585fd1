"""What a leg sends: one SSRC, one sequence and one clock, wherever the audio comes from.

The party hears one unbroken stream, whether it is a prompt, silence, or another party whose packets get a new header.
"""

import os
from collections.abc import Iterator
from typing import TypeVar

from dialplane.media.incoming import DATAGRAM, VIEW, Incoming
from dialplane.media.playout import EventFrame
from dialplane.media.ports import PacketSocket
from dialplane.media.steady import SteadyStream, SteadyStreams
from dialplane.rtp.packet import CLOCK_HZ, FRAME_SAMPLES, HEADER, HEADER_OCTETS
from dialplane.rtp.source import Address
from dialplane.rtp.statistics import ReceiveStatistics

_USUAL = HEADER_OCTETS + FRAME_SAMPLES
_USUAL_VIEW = VIEW[:_USUAL]

T = TypeVar("T")


class Outgoing:
    """One leg's sending side. Times are seconds on the monotonic clock."""

    __slots__ = (
        "_descriptor",
        "_event_timestamp",
        "_frame",
        "_octets_beyond",
        "_passes_on",
        "_rtp",
        "_sent_at",
        "_sequence_number",
        "_sequence_offset",
        "_timestamp_offset",
        "packets_sent",
        "resumes",
        "ssrc",
        "steady",
        "target",
        "timestamp",
    )

    def __init__(self, rtp: PacketSocket) -> None:
        self._rtp = rtp
        self._descriptor = rtp.fileno()
        self.target: Address | None = None
        """Where to send to, None where the socket is connected."""
        random = os.urandom(10)
        self.ssrc = int.from_bytes(random[:4], "big")
        self._sequence_number = int.from_bytes(random[4:6], "big")
        self.timestamp = int.from_bytes(random[6:], "big")
        self._sent_at = 0.0
        self.resumes = True
        """Whether the next frame of our own comes after a pause, or after another's packets."""
        self._passes_on: ReceiveStatistics | None = None
        """Whose stream is being passed on; another one needs other offsets."""
        self._sequence_offset = 0
        self._timestamp_offset = 0
        self._event_timestamp = 0
        self.packets_sent = 0
        self._octets_beyond = 0
        """Octets sent over what as many frames of 20 ms would have been."""
        self._frame = bytearray(_USUAL)
        self.steady: SteadyStream | None = None
        """While the next frame is all that is to be sent; then nothing here is called but what catches up."""

    def go_through(self, rtp: PacketSocket) -> None:
        """Send by another socket from now on, which stands before this one; not while it is steady."""
        self._rtp = rtp
        self._descriptor = rtp.fileno()

    def send_frame(self, frame: bytes, payload_type: int, now: float) -> None:
        """Send the next 20 ms of audio of our own."""
        if self.resumes:
            payload_type |= self._advance(now)
        else:  # `_advance` in place: it runs for every frame of every prompt
            self._sequence_number = self._sequence_number + 1 & 0xFFFF
            self.timestamp = self.timestamp + FRAME_SAMPLES & 0xFFFF_FFFF
            self._sent_at = now
        packet = self._frame
        HEADER.pack_into(packet, 0, 0x80, payload_type, self._sequence_number, self.timestamp, self.ssrc)
        packet[HEADER_OCTETS:] = frame
        self._transmit(packet)

    def go_steady(self, streams: SteadyStreams[T], member: T, frames: Iterator[bytes | memoryview]) -> None:
        """Go on after the frame that was sent last, together with the others."""
        self.steady = streams.join(member, self._frame, frames, self._descriptor)

    def leave_steady(self) -> None:
        self.catch_up()
        self.steady = None

    def catch_up(self) -> None:
        """Take over what was sent in the meantime; to be called before any figure of a steady stream is read."""
        stream = self.steady
        if stream is not None:
            sent = stream.take_sent()
            self.packets_sent += sent
            self._sequence_number = stream.sequence_number
            self.timestamp = stream.timestamp
            self._sent_at = stream.sent_at

    def send_event(self, frame: EventFrame, payload_type: int, now: float) -> None:
        """Send 20 ms of a telephone event in place of audio: the clock goes on, the event keeps its timestamp."""
        self._advance(now)
        if frame.is_first:
            self._event_timestamp = self.timestamp
        second = payload_type | frame.is_first << 7
        header = HEADER.pack(0x80, second, self._sequence_number, self._event_timestamp, self.ssrc)
        self._transmit(header + frame.payload)

    def pass_on(self, incoming: Incoming, size: int, payload_type: int, now: float) -> int:
        """Send the packet in the buffer, which another leg has just read, as one of ours. The answer: its timestamp."""
        marker = incoming.marker
        if self._passes_on is not incoming.statistics:
            self._passes_on = incoming.statistics
            self._sequence_offset = self._sequence_number + 1 - incoming.sequence_number
            self._timestamp_offset = self._after_pause(now) - incoming.timestamp
            self.resumes = True
            marker = 0x80
        sequence_number = incoming.sequence_number + self._sequence_offset & 0xFFFF
        timestamp = incoming.timestamp + self._timestamp_offset & 0xFFFF_FFFF
        HEADER.pack_into(DATAGRAM, 0, 0x80, payload_type | marker, sequence_number, timestamp, self.ssrc)
        if sequence_number - self._sequence_number & 0xFFFF < 0x8000:  # a late packet does not turn the clock back
            self._sequence_number = sequence_number
            self.timestamp = timestamp
            self._sent_at = now
        packet = _USUAL_VIEW if size == _USUAL else VIEW[:size]
        if self.target is not None:
            self._transmit(packet)
            return timestamp
        try:  # `_transmit` in place: it runs for every relayed packet
            os.write(self._descriptor, packet)
        except OSError:
            return timestamp
        self.packets_sent += 1
        if size != _USUAL:
            self._octets_beyond += size - _USUAL
        return timestamp

    @property
    def octets_sent(self) -> int:
        """Of payload."""
        return self.packets_sent * FRAME_SAMPLES + self._octets_beyond

    def _advance(self, now: float) -> int:
        """Move on by a frame. The answer is the marker bit in its place."""
        self._sequence_number = self._sequence_number + 1 & 0xFFFF
        if not self.resumes:
            self.timestamp = self.timestamp + FRAME_SAMPLES & 0xFFFF_FFFF
            self._sent_at = now
            return 0
        self.timestamp = self._after_pause(now)
        self._sent_at = now
        self.resumes = False
        self._passes_on = None
        return 0x80

    def _after_pause(self, now: float) -> int:
        """Our clock after a pause: it went on with the time of day, in whole frames."""
        frames = max(1, round((now - self._sent_at) * CLOCK_HZ / FRAME_SAMPLES)) if self._sent_at else 1
        return self.timestamp + frames * FRAME_SAMPLES & 0xFFFF_FFFF

    def _transmit(self, packet: bytes | bytearray | memoryview) -> None:
        try:
            if self.target is None:
                os.write(self._descriptor, packet)
            else:
                self._rtp.sendto(packet, self.target)
        except OSError:  # unreachable for the moment, or the queue is full: the network drops packets too
            return
        self.packets_sent += 1
        self._octets_beyond += len(packet) - _USUAL
