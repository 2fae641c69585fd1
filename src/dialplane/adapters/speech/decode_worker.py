"""Decoding a tenant's file, in a process that may be killed: `python -m dialplane.adapters.speech.decode_worker`.

The file comes on standard input; samples of 16 bit, 8,000 Hz, mono go to standard output. Its memory, its time and
the length of the result are limited (IN-4); anything wrong ends it with status 1 and one line on standard error.
Only the two formats promised are tried, by their first octets: the library knows hundreds, some of which open
addresses that the file names.
"""

import io
import resource
import sys

import av
import av.error

from dialplane.domain.calling.media import LONGEST_FILE_S

_RATE_HZ = 8_000
_MEMORY_OCTETS = 1 << 30
_CPU_S = 20


class _UnplayableError(Exception):
    pass


def _format(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[:3] == b"ID3" or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0):
        return "mp3"
    raise _UnplayableError("the file is neither WAV nor MP3")


def decode(data: bytes) -> bytes:
    """Raises _UnplayableError or an error of the decoder."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE_HZ)
    samples = bytearray()
    with av.open(io.BytesIO(data), mode="r", format=_format(data)) as container:
        if not container.streams.audio:
            raise _UnplayableError("the file has no audio")
        for frame in container.decode(container.streams.audio[0]):
            samples += _octets(resampler.resample(frame))
            if len(samples) > 2 * _RATE_HZ * LONGEST_FILE_S:
                raise _UnplayableError(f"the file is longer than {LONGEST_FILE_S} s")
        samples += _octets(resampler.resample(None))
    if not samples:
        raise _UnplayableError("the file has no audio")
    return bytes(samples)


def _octets(frames: "list[av.AudioFrame]") -> bytes:
    return b"".join(frame.to_ndarray().tobytes() for frame in frames)


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_OCTETS, _MEMORY_OCTETS))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        samples = decode(sys.stdin.buffer.read())
    except (_UnplayableError, av.error.FFmpegError, ValueError, MemoryError) as error:
        print(str(error) or type(error).__name__, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(samples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
