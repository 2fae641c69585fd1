"""A call's audio as other programs take it: RTP packets, AudioSocket frames, or nothing but samples.

Inside everything is mu-law at 8,000 Hz in frames of 20 ms.
"""

import secrets
from typing import Literal, Protocol

import numpy as np

from dialplane.audio.g711 import ALAW_TO_ULAW, ULAW_TO_ALAW, decode_ulaw, encode_ulaw
from dialplane.rtp.packet import CLOCK_HZ, PCMA, PCMU, MalformedPacketError, Packet
from dialplane.streams.audiosocket import Frame, FrameReader, Kind

AudioFormat = Literal["ulaw", "alaw", "slin"]
"""`slin`: linear, 16 bit; little-endian but in RTP, which sends the high octet first (RFC 3551 section 4.5.11)."""

_DYNAMIC = 96
_PAYLOAD_TYPES: dict[AudioFormat, int] = {"ulaw": PCMU, "alaw": PCMA, "slin": _DYNAMIC}


class PeerEndedError(Exception):
    """The other side says that it is over."""


class Encapsulation(Protocol):
    """Both directions of one exchange."""

    def wrap(self, ulaw: bytes, at_ms: int) -> bytes:
        """One message with the frame that was heard `at_ms` after the beginning."""
        ...

    def unwrap(self, data: bytes) -> list[bytes]:
        """The mu-law in what came; nothing where it is not understood. Raises PeerEndedError."""
        ...


class Samples:
    """No encapsulation: a message is audio."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self._format = audio_format

    def wrap(self, ulaw: bytes, at_ms: int) -> bytes:
        return _from_ulaw(ulaw, self._format)

    def unwrap(self, data: bytes) -> list[bytes]:
        return [_to_ulaw(data, self._format)]


class Rtp:
    """A message is a packet (RFC 3550). What comes is played as it comes: the sender has no jitter to speak of."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self._format = audio_format
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(16)
        self._began = secrets.randbits(32)
        self._is_first = True

    def wrap(self, ulaw: bytes, at_ms: int) -> bytes:
        self._sequence = self._sequence + 1 & 0xFFFF
        timestamp = self._began + at_ms * CLOCK_HZ // 1000 & 0xFFFF_FFFF
        payload = _from_ulaw(ulaw, self._format, high_first=True)
        packet = Packet(
            _PAYLOAD_TYPES[self._format], self._sequence, timestamp, self._ssrc, payload, marker=self._is_first
        )
        self._is_first = False
        return bytes(packet)

    def unwrap(self, data: bytes) -> list[bytes]:
        try:
            packet = Packet.parse(data)
        except MalformedPacketError:
            return []
        return [_to_ulaw(packet.payload, self._format, high_first=True)]


class AudioSocket:
    """A message is a frame, and what comes may be cut anywhere."""

    def __init__(self) -> None:
        self._reader = FrameReader()

    def wrap(self, ulaw: bytes, at_ms: int) -> bytes:
        return bytes(Frame(Kind.AUDIO, _from_ulaw(ulaw, "slin")))

    def unwrap(self, data: bytes) -> list[bytes]:
        audio = []
        for frame in self._reader.feed(data):
            if frame.kind == Kind.HANG_UP:
                raise PeerEndedError
            if frame.kind == Kind.AUDIO:
                audio.append(_to_ulaw(frame.payload, "slin"))
        return audio


def _from_ulaw(ulaw: bytes, audio_format: AudioFormat, *, high_first: bool = False) -> bytes:
    match audio_format:
        case "ulaw":
            return ulaw
        case "alaw":
            return ulaw.translate(ULAW_TO_ALAW)
        case "slin":
            return decode_ulaw(ulaw).astype(">i2" if high_first else "<i2").tobytes()


def _to_ulaw(audio: bytes, audio_format: AudioFormat, *, high_first: bool = False) -> bytes:
    match audio_format:
        case "ulaw":
            return audio
        case "alaw":
            return audio.translate(ALAW_TO_ULAW)
        case "slin":
            whole = audio[: len(audio) & ~1]
            return encode_ulaw(np.frombuffer(whole, dtype=">i2" if high_first else "<i2").astype(np.int16))
