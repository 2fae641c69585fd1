"""What comes in a codec of more than 8,000 samples a second, as the mu-law that a leg takes."""

import av
import numpy as np

from dialplane.audio.decimation import Decimator
from dialplane.audio.g711 import RATE_HZ, encode_ulaw


class WidebandDecoder:
    """One party's stream. `codec` is FFmpeg's, to be read with; `factor`: its samples for each of ours."""

    def __init__(self, codec: av.AudioCodecContext, *, factor: int, longest: int) -> None:
        """`longest`: octets of a payload; an authentic party may still send nonsense."""
        self._codec = codec
        self._codec.sample_rate = RATE_HZ * factor
        self._codec.layout = "mono"
        self._codec.format = "s16"
        self._decimator = Decimator(factor)
        self._longest = longest

    def decode(self, payload: bytes) -> bytes:
        """As mu-law; nothing where it is too long to be meant, or not of the codec."""
        if not payload or len(payload) > self._longest:
            return b""
        try:
            frames = self._codec.decode(av.Packet(payload))
        except av.FFmpegError:
            return b""
        heard = [frame.to_ndarray().reshape(-1) for frame in frames]
        return encode_ulaw(self._decimator.feed(np.concatenate(heard))) if heard else b""
