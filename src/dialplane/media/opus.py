"""Opus (RFC 6716) at the edge of a leg: what comes becomes mu-law at 8,000 Hz, what leaves is made of it."""

import av

from dialplane.audio.decimation import FACTOR
from dialplane.audio.g711 import FRAME_SAMPLES, RATE_HZ, decode_ulaw
from dialplane.media.wideband import WidebandDecoder

_LONGEST_PACKET = 1_275 * 6
"""Octets of 120 ms (RFC 6716 section 3.4)."""
_BIT_RATE = 16_000
"""Narrow-band speech gains nothing above (RFC 7587 section 3.1.1)."""
_OPTIONS = {"application": "voip", "frame_duration": "20", "compression_level": "1", "fec": "0"}
"""`compression_level` is the encoder's complexity: at this band 10 takes two and a half times as long as 1, to sound
hardly better."""


class OpusDecoder(WidebandDecoder):
    """One party's stream."""

    def __init__(self) -> None:
        super().__init__(av.CodecContext.create("libopus", "r"), factor=FACTOR, longest=_LONGEST_PACKET)


class OpusEncoder:
    """What we send."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("libopus", "w")
        self._codec.sample_rate = RATE_HZ
        self._codec.layout = "mono"
        self._codec.format = "s16"
        self._codec.bit_rate = _BIT_RATE
        self._codec.options = _OPTIONS
        self._sent = 0

    def encode(self, frame: bytes) -> bytes:
        """20 ms of mu-law as one packet's payload; empty while the encoder is filling up."""
        audio = av.AudioFrame.from_ndarray(decode_ulaw(frame).reshape(1, -1), format="s16", layout="mono")
        audio.sample_rate = RATE_HZ
        audio.pts = self._sent
        self._sent += FRAME_SAMPLES
        return b"".join(bytes(packet) for packet in self._codec.encode(audio))
