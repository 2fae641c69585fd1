"""Between a party's Opus or G.722 and a leg's mu-law: payloads, frames, clocks and telephone events."""

import struct
from typing import Protocol

from dialplane.audio.g711 import FRAME_SAMPLES
from dialplane.domain.calling.media import RemoteMedia
from dialplane.media.g722 import G722Decoder, G722Encoder
from dialplane.media.opus import OpusDecoder, OpusEncoder
from dialplane.rtp.packet import HEADER, HEADER_OCTETS, MalformedPacketError, payload_span

_OPUS_CLOCKS = 6
"""Ticks of Opus in one of telephony: 48,000 against 8,000 Hz (RFC 7587 section 4.1)."""
_WRAP = 1 << 32
_EVENT = struct.Struct("!BBH")
_LATE = 5
"""Frames: audio whose timestamp is further from what was expected begins anew."""


class Decoder(Protocol):
    def decode(self, payload: bytes) -> bytes:
        """As mu-law; nothing where it is none of the codec's."""
        ...


class Encoder(Protocol):
    def encode(self, frame: bytes) -> bytes:
        """20 ms of mu-law as one packet's payload; empty while the encoder is filling up."""
        ...


def needs_translation(codec: str) -> bool:
    """Whether a leg cannot speak it by itself."""
    return codec in ("OPUS", "G722")


class Translation:
    """One party's stream, both ways. Packets in, packets out; only the header's SSRC is left alone."""

    def __init__(self, remote: RemoteMedia, event_clock_hz: int) -> None:
        self._payload_type = remote.payload_type
        self._event_type = remote.telephone_event
        self._event_clocks = event_clock_hz // 8_000
        self._codec = remote.codec
        is_opus = remote.codec == "OPUS"
        self._decoder: Decoder = OpusDecoder() if is_opus else G722Decoder()
        self._encoder: Encoder = OpusEncoder() if is_opus else G722Encoder()
        clocks = _OPUS_CLOCKS if is_opus else 1
        self._heard = _Clock(1, clocks)
        self._said = _Clock(clocks, 1)
        self._sequence_number = 0
        self._waiting = bytearray()
        """Mu-law that does not fill a frame yet."""
        self._waiting_since = 0
        """Its timestamp, in the leg's clock."""

    def suits(self, remote: RemoteMedia, event_clock_hz: int) -> bool:
        """Whether it can go on under another description."""
        theirs = (remote.codec, remote.payload_type, remote.telephone_event, event_clock_hz // 8_000)
        return theirs == (self._codec, self._payload_type, self._event_type, self._event_clocks)

    def incoming(self, packet: bytes) -> bytes:
        """What the party sent, as the leg takes it; nothing where it is none of the streams that were agreed."""
        try:
            start, end = payload_span(packet)
        except MalformedPacketError:
            return b""
        _, second, sequence_number, timestamp, ssrc = HEADER.unpack_from(packet)
        if second & 0x7F == self._payload_type:
            payload = self._decoder.decode(packet[start:end])
        elif second & 0x7F == self._event_type and end - start >= _EVENT.size:
            payload = _scaled(packet[start:end], 1, self._event_clocks)
        else:
            return b""
        header = HEADER.pack(0x80, second, sequence_number, self._heard.convert(timestamp), ssrc)
        return header + payload if payload else b""

    def outgoing(self, packet: bytes) -> list[bytes]:
        """What the leg sends, as the party takes it: a packet for each 20 ms that are full."""
        _, second, _, timestamp, ssrc = HEADER.unpack_from(packet)
        payload = packet[HEADER_OCTETS:]
        if second & 0x7F == self._event_type:
            event = _scaled(payload, self._event_clocks, 1)
            return [self._pack(second, timestamp, ssrc, event)]
        self._queue(payload, timestamp)
        packets = []
        while len(self._waiting) >= FRAME_SAMPLES:
            frame, begins = bytes(self._waiting[:FRAME_SAMPLES]), self._waiting_since
            del self._waiting[:FRAME_SAMPLES]
            self._waiting_since = (begins + FRAME_SAMPLES) % _WRAP
            encoded = self._encoder.encode(frame)
            if encoded:
                packets.append(self._pack(second, begins, ssrc, encoded))
                second &= 0x7F
        return packets

    def outgoing_timestamp(self, timestamp: int) -> int:
        """A moment of the leg's clock in the one that the party is told."""
        return self._said.convert(timestamp)

    def _queue(self, payload: bytes, timestamp: int) -> None:
        expected = (self._waiting_since + len(self._waiting)) % _WRAP
        distance = (timestamp - expected + _WRAP // 2) % _WRAP - _WRAP // 2
        if not self._waiting or abs(distance) > _LATE * FRAME_SAMPLES:
            self._waiting.clear()
            self._waiting_since = timestamp
        self._waiting += payload

    def _pack(self, second: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
        self._sequence_number = self._sequence_number + 1 & 0xFFFF
        return HEADER.pack(0x80, second, self._sequence_number, self._said.convert(timestamp), ssrc) + payload


class _Clock:
    """Timestamps of one clock told in another, across the wraps of both."""

    __slots__ = ("_base", "_divide", "_multiply", "_result")

    def __init__(self, multiply: int, divide: int) -> None:
        self._multiply = multiply
        self._divide = divide
        self._base: int | None = None
        self._result = 0

    def convert(self, timestamp: int) -> int:
        if self._base is None:
            self._base = timestamp
        distance = (timestamp - self._base + _WRAP // 2) % _WRAP - _WRAP // 2
        whole, rest = divmod(distance, self._divide)
        result = (self._result + whole * self._multiply) % _WRAP
        if distance > 0:  # the base goes along, so that a distance never comes near half a wrap
            self._base = (timestamp - rest) % _WRAP
            self._result = result
        return result


def _scaled(event: bytes, multiply: int, divide: int) -> bytes:
    """A telephone event (RFC 4733 section 2.3), its duration told in another clock."""
    if len(event) < _EVENT.size:
        return event
    code, flags, duration = _EVENT.unpack_from(event)
    return _EVENT.pack(code, flags, min(0xFFFF, duration * multiply // divide)) + event[_EVENT.size :]
