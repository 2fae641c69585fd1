"""G.711: mu-law and A-law, bit-exact to the reference code of ITU-T G.191.

Whole-table lookups, as nothing else is fast in Python: numpy for linear samples, `bytes.translate` between the laws.
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

RATE_HZ = 8_000
FRAME_SAMPLES = 160
"""20 ms, the usual packet of telephony; in G.711 also its octets."""

ULAW_SILENCE = 0xFF
ALAW_SILENCE = 0xD5


def _compress_ulaw(sample: int) -> int:
    magnitude = min((~sample >> 2 if sample < 0 else sample >> 2) + 33, 0x1FFF)
    segment = (magnitude >> 6).bit_length() + 1
    code = (8 - segment) << 4 | (0x0F - (magnitude >> segment & 0x0F))
    return code if sample < 0 else code | 0x80


def _expand_ulaw(code: int) -> int:
    inverted = ~code & 0xFF
    exponent, mantissa = inverted >> 4 & 0x07, inverted & 0x0F
    step = 4 << (exponent + 1)
    magnitude = (0x80 << exponent) + step * mantissa + step // 2 - 4 * 33
    return -magnitude if code < 0x80 else magnitude


def _compress_alaw(sample: int) -> int:
    magnitude = ~sample >> 4 if sample < 0 else sample >> 4
    if magnitude > 15:
        exponent = magnitude.bit_length() - 4
        magnitude = (magnitude >> exponent - 1) - 16 + (exponent << 4)
    return (magnitude if sample < 0 else magnitude | 0x80) ^ 0x55


def _expand_alaw(code: int) -> int:
    bits = code ^ 0x55
    exponent, mantissa = bits >> 4 & 0x07, bits & 0x0F
    magnitude = (mantissa + 16 if exponent else mantissa) * 16 + 8
    if exponent > 1:
        magnitude <<= exponent - 1
    return magnitude if code > 127 else -magnitude


_ULAW_TO_LINEAR = np.array([_expand_ulaw(code) for code in range(256)], dtype=np.int16)
_ALAW_TO_LINEAR = np.array([_expand_alaw(code) for code in range(256)], dtype=np.int16)
# The tables are indexed by the sample read as an unsigned number. The last two bits of a sample (for A-law four) do not
# count, so the slow arithmetic, which every process pays at its start, is done once for those that differ in the rest.
_SIGNED = [code - 0x1_0000 if code > 0x7FFF else code for code in range(0x1_0000)]
_LINEAR_TO_ULAW = np.array([_compress_ulaw(sample) for sample in _SIGNED[::4]], dtype=np.uint8).repeat(4)
_LINEAR_TO_ALAW = np.array([_compress_alaw(sample) for sample in _SIGNED[::16]], dtype=np.uint8).repeat(16)

_EXPANDED = _ULAW_TO_LINEAR.astype(np.intp)
_SATURATING = np.concatenate((_LINEAR_TO_ULAW[0x8000:], _LINEAR_TO_ULAW[:0x8000]))
"""mu-law of a sum, which is looked up as `sum + 32,768`; beyond either end is the end itself."""

ULAW_TO_ALAW = _LINEAR_TO_ALAW[_ULAW_TO_LINEAR.view(np.uint16)].tobytes()
"""For `bytes.translate`."""
ALAW_TO_ULAW = _LINEAR_TO_ULAW[_ALAW_TO_LINEAR.view(np.uint16)].tobytes()


def encode_ulaw(samples: Samples) -> bytes:
    return _LINEAR_TO_ULAW.take(samples.view(np.uint16)).tobytes()


def decode_ulaw(data: bytes | bytearray | memoryview) -> Samples:
    return _ULAW_TO_LINEAR.take(np.frombuffer(data, dtype=np.uint8))


def encode_alaw(samples: Samples) -> bytes:
    return _LINEAR_TO_ALAW.take(samples.view(np.uint16)).tobytes()


def decode_alaw(data: bytes | bytearray | memoryview) -> Samples:
    return _ALAW_TO_LINEAR.take(np.frombuffer(data, dtype=np.uint8))


def expand_ulaw(codes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """mu-law octets of any shape, wide enough to be added up and to be an index: conversions cost more than width."""
    return _EXPANDED.take(codes)


def saturate_to_ulaw(sums: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Sums of samples as mu-law, held at full scale where they overflow. Changes `sums`."""
    sums += 0x8000
    return _SATURATING.take(sums, mode="clip")
