"""MP3 of a recording, by FFmpeg's libraries."""

from fractions import Fraction
from pathlib import Path

import av

_BITS_PER_S = 32_000
"""Of each channel: speech at 8,000 Hz gains nothing from more."""


def transcode(original: Path, target_path: Path) -> None:
    """Write the sound of the WAV file `original` to a new file. It takes some seconds for an hour."""
    with av.open(str(original)) as source, av.open(str(target_path), "w", format="mp3") as target:
        sound = source.streams.audio[0]
        layout = "mono" if sound.channels == 1 else "stereo"
        encoder = target.add_stream("libmp3lame", rate=sound.rate)
        encoder.layout = layout
        encoder.bit_rate = _BITS_PER_S * sound.channels
        encoder.time_base = Fraction(1, sound.rate)
        resampler = av.AudioResampler(format="s16p", layout=layout, rate=sound.rate)
        for frame in source.decode(sound):
            for ready in resampler.resample(frame):
                target.mux(encoder.encode(ready))
        for ready in resampler.resample(None):
            target.mux(encoder.encode(ready))
        target.mux(encoder.encode(None))
