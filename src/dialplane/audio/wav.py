"""Writing WAV files that are valid at every moment: 16 bit, 8,000 Hz, mono.

The sizes in the header are brought up to date with every block, so a killed process leaves a file that plays up to
its last block.
"""

import os
import struct
from pathlib import Path

from dialplane.audio.g711 import RATE_HZ, Samples

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
HEADER_OCTETS = _HEADER.size
_SAMPLE_OCTETS = 2
_LARGEST_DATA = 0xFFFF_FFFF - 36
_RIFF_SIZE_AT = 4
_DATA_SIZE_AT = 40


def wav_header(data_octets: int) -> bytes:
    return _HEADER.pack(
        b"RIFF",
        36 + data_octets,
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        RATE_HZ,
        RATE_HZ * _SAMPLE_OCTETS,
        _SAMPLE_OCTETS,
        8 * _SAMPLE_OCTETS,
        b"data",
        data_octets,
    )


def duration_ms_of(path: Path) -> int:
    """How long a file that `WavWriter` wrote plays, 0 where there is none. Holds after a crash too."""
    try:
        octets = path.stat().st_size - _HEADER.size
    except OSError:
        return 0
    return max(0, octets) * 1000 // (RATE_HZ * _SAMPLE_OCTETS)


class WavWriter:
    """One file, open for writing. Raises OSError as the file system does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        self._octets = 0
        os.write(self._file, wav_header(0))

    @property
    def duration_ms(self) -> int:
        return self._octets * 1000 // (RATE_HZ * _SAMPLE_OCTETS)

    def write(self, samples: Samples) -> None:
        """Append; what would go beyond the 4 GiB of the format is dropped."""
        data = samples.astype("<i2").tobytes()
        if self._octets + len(data) > _LARGEST_DATA:
            return
        os.write(self._file, data)
        self._octets += len(data)
        os.pwrite(self._file, struct.pack("<I", 36 + self._octets), _RIFF_SIZE_AT)
        os.pwrite(self._file, struct.pack("<I", self._octets), _DATA_SIZE_AT)

    def close(self) -> None:
        os.close(self._file)
