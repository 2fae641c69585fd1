"""G.722 (ITU-T G.722, RFC 3551 section 4.5.2) at the edge of a leg: 16,000 samples a second, of which the leg takes and
gives half. Its RTP clock runs at 8,000 Hz all the same, as the RFC keeps to an old mistake.
"""

import av

from dialplane.audio.doubling import Doubler
from dialplane.audio.g711 import FRAME_SAMPLES, RATE_HZ, decode_ulaw
from dialplane.media.wideband import WidebandDecoder

_FACTOR = 2
_LONGEST_PACKET = 960
"""Octets of 120 ms."""


class G722Decoder(WidebandDecoder):
    """One party's stream."""

    def __init__(self) -> None:
        super().__init__(av.CodecContext.create("g722", "r"), factor=_FACTOR, longest=_LONGEST_PACKET)


class G722Encoder:
    """What we send."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("g722", "w")
        self._codec.sample_rate = RATE_HZ * _FACTOR
        self._codec.layout = "mono"
        self._codec.format = "s16"
        self._doubler = Doubler()
        self._sent = 0

    def encode(self, frame: bytes) -> bytes:
        """20 ms of mu-law as one packet's payload."""
        samples = self._doubler.feed(decode_ulaw(frame))
        audio = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        audio.sample_rate = RATE_HZ * _FACTOR
        audio.pts = self._sent
        self._sent += FRAME_SAMPLES * _FACTOR
        return b"".join(bytes(packet) for packet in self._codec.encode(audio))
