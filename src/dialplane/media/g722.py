"""G.722 (ITU-T G.722, RFC 3551 section 4.5.2) at the edge of a leg: 16,000 samples a second, of which the leg takes and
gives half. Its RTP clock runs at 8,000 Hz all the same, as the RFC keeps to an old mistake.
"""

import av
import numpy as np

from dialplane.audio.decimation import Decimator
from dialplane.audio.doubling import Doubler
from dialplane.audio.g711 import FRAME_SAMPLES, RATE_HZ, decode_ulaw, encode_ulaw

_FACTOR = 2
_LONGEST_PACKET = 960
"""Octets of 120 ms; an authentic party may still send nonsense."""


class G722Decoder:
    """One party's stream."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("g722", "r")
        self._codec.sample_rate = RATE_HZ * _FACTOR
        self._codec.layout = "mono"
        self._decimator = Decimator(_FACTOR)

    def decode(self, payload: bytes) -> bytes:
        """As mu-law; nothing where it is too long to be meant."""
        if not payload or len(payload) > _LONGEST_PACKET:
            return b""
        try:
            frames = self._codec.decode(av.Packet(payload))
        except av.FFmpegError:
            return b""
        heard = [frame.to_ndarray().reshape(-1) for frame in frames]
        return encode_ulaw(self._decimator.feed(np.concatenate(heard))) if heard else b""


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
