"""G.711 against its definition and another implementation."""

import av
import numpy as np

from dialplane.audio import g711

EVERY_CODE = bytes(range(256))
EVERY_SAMPLE = np.arange(-32_768, 32_768).astype(np.int16)


def decode_elsewhere(codec: str, data: bytes) -> list[int]:
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate = 8_000
    decoder.layout = "mono"
    (frame,) = decoder.decode(av.Packet(data))
    return [int(sample) for sample in frame.to_ndarray()[0]]


def test_every_code_means_what_another_decoder_makes_of_it() -> None:
    assert g711.decode_ulaw(EVERY_CODE).tolist() == decode_elsewhere("pcm_mulaw", EVERY_CODE)
    assert g711.decode_alaw(EVERY_CODE).tolist() == decode_elsewhere("pcm_alaw", EVERY_CODE)


def test_samples_of_the_reference_code_are_met() -> None:
    """From ITU-T G.191's `ulaw_compress` and `alaw_compress`, at the ends of segments."""
    samples = np.array([0, 1, -1, 3, 4, 7, -8, 123, 124, -124, 32_767, -32_768, 8_031, -8_032], dtype=np.int16)

    assert g711.encode_ulaw(samples).hex() == "ffff7ffffefe7ef0ef70" + "80" + "00" + "a0" + "20"
    assert g711.encode_alaw(samples).hex() == "d5d555d5d5d555d2d252" + "aa" + "2a" + "8a" + "0a"


def test_coding_a_decoded_code_gives_the_code_back() -> None:
    """But for mu-law's negative zero, which becomes the positive one."""
    assert g711.encode_ulaw(g711.decode_ulaw(EVERY_CODE)) == EVERY_CODE.replace(b"\x7f", b"\xff")
    assert g711.encode_alaw(g711.decode_alaw(EVERY_CODE)) == EVERY_CODE


def test_error_is_never_more_than_half_a_step() -> None:
    """A step of the top segment is 1,024; a step is about a 16th of the value, or 8 (mu-law), 16 (A-law) near zero."""
    samples = EVERY_SAMPLE.astype(np.int32)
    for decoded, smallest in (
        (g711.decode_ulaw(g711.encode_ulaw(EVERY_SAMPLE)), 4),
        (g711.decode_alaw(g711.encode_alaw(EVERY_SAMPLE)), 8),
    ):
        error = np.abs(decoded.astype(np.int32) - samples)
        clipped = np.abs(samples) > 32_124
        assert np.all((error <= np.maximum(smallest, (np.abs(samples) + 132) / 32 + 1)) | clipped)


def test_translation_between_the_laws_keeps_all_but_the_finest_differences() -> None:
    there_and_back = EVERY_CODE.translate(g711.ULAW_TO_ALAW).translate(g711.ALAW_TO_ULAW)
    difference = np.abs(g711.decode_ulaw(there_and_back).astype(int) - g711.decode_ulaw(EVERY_CODE).astype(int))

    assert bytes((g711.ULAW_SILENCE,)).translate(g711.ULAW_TO_ALAW)[0] == g711.ALAW_SILENCE
    assert np.all(difference <= np.maximum(16, np.abs(g711.decode_ulaw(EVERY_CODE).astype(int)) / 16))
