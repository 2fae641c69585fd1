"""Writing WAV files that are valid at every moment: 16 bit, 8,000 Hz, one channel or two.

The sizes in the header are brought up to date with every block, so a killed process leaves a file that plays up to
its last block.
"""

import os
import struct
from pathlib import Path

import numpy as np

from dialplane.audio.g711 import RATE_HZ, Samples

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
HEADER_OCTETS = _HEADER.size
_SAMPLE_OCTETS = 2
_LARGEST_DATA = 0xFFFF_FFFF - 36
_CHANNELS_AT = 22


def wav_header(data_octets: int, *, channels: int = 1) -> bytes:
    frame_octets = channels * _SAMPLE_OCTETS
    return _HEADER.pack(
        b"RIFF",
        36 + data_octets,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        RATE_HZ,
        RATE_HZ * frame_octets,
        frame_octets,
        8 * _SAMPLE_OCTETS,
        b"data",
        data_octets,
    )


def duration_ms_of(path: Path) -> int:
    """How long a file that `WavWriter` wrote plays, 0 where there is none. Holds after a crash too."""
    try:
        octets = path.stat().st_size - _HEADER.size
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
    except OSError:
        return 0
    if len(header) < _HEADER.size:
        return 0
    channels: int = struct.unpack_from("<H", header, _CHANNELS_AT)[0]
    return octets * 1000 // (RATE_HZ * _SAMPLE_OCTETS * max(1, channels))


class WavWriter:
    """One file, open for writing. Raises OSError as the file system does."""

    def __init__(self, path: Path, *, channels: int = 1) -> None:
        self.path = path
        self._channels = channels
        self._file = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        self._octets = 0
        os.write(self._file, wav_header(0, channels=channels))

    @property
    def frames(self) -> int:
        """Samples of each channel."""
        return self._octets // (_SAMPLE_OCTETS * self._channels)

    @property
    def duration_ms(self) -> int:
        return self.frames * 1000 // RATE_HZ

    def write(self, *channels: Samples) -> None:
        """Append as many samples to each channel; what would go beyond the 4 GiB of the format is dropped.

        Where the disk takes a part of it the file has that part, and OSError says why not the rest.
        """
        samples = channels[0] if len(channels) == 1 else np.stack(channels, axis=1)
        data = samples.astype("<i2", copy=False).tobytes()
        if self._octets + len(data) > _LARGEST_DATA:
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        finally:
            self._octets += len(data) - len(rest)
            self._write_header()

    def cut(self, frames: int) -> None:
        """Keep no more than so many samples of each channel."""
        octets = frames * _SAMPLE_OCTETS * self._channels
        if octets < self._octets:
            self._octets = octets
            self._write_header()  # before the file is shorter, so that it never tells of more than there is
            os.ftruncate(self._file, _HEADER.size + octets)
            os.lseek(self._file, 0, os.SEEK_END)

    def close(self) -> None:
        os.close(self._file)

    def _write_header(self) -> None:
        os.pwrite(self._file, wav_header(self._octets, channels=self._channels), 0)
