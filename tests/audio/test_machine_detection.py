"""Who answered: judged from speech, pauses and tones that are put together here."""

import numpy as np
import pytest

from dialplane.audio.g711 import FRAME_SAMPLES, RATE_HZ, Samples, encode_ulaw
from dialplane.audio.machine_detection import Answerer, MachineDetector
from dialplane.audio.tones import tone


def speech(duration_ms: int) -> Samples:
    """A hum with many harmonics, as vowels have."""
    time_s = np.arange(RATE_HZ * duration_ms // 1000) / RATE_HZ
    wave = sum((np.sin(2 * np.pi * 140 * n * time_s + n) / n for n in range(1, 20)), np.zeros(len(time_s)))
    return (wave * 5_000).astype(np.int16)


def silence(duration_ms: int) -> Samples:
    return np.zeros(RATE_HZ * duration_ms // 1000, dtype=np.int16)


def detect(*parts: Samples, until_message_end: bool = False) -> tuple[Answerer | None, int]:
    detector = MachineDetector(until_message_end=until_message_end)
    audio = encode_ulaw(np.concatenate(parts))
    for n in range(len(audio) // FRAME_SAMPLES):
        detector.hear(20 * n, audio[n * FRAME_SAMPLES : (n + 1) * FRAME_SAMPLES])
    return detector.verdict, detector.elapsed_ms


GREETING = (silence(400), speech(1_500), silence(500), speech(1_500))


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ((silence(300), speech(700), silence(1_500)), Answerer.HUMAN),
        (GREETING, Answerer.MACHINE_START),
        ((silence(6_000),), Answerer.UNKNOWN),
        ((silence(200), tone((2_100,), duration_ms=1_000)), Answerer.FAX),
        ((silence(300), speech(700), silence(500)), None),
    ],
)
def test_answerer_is_told_from_how_long_it_speaks(parts: tuple[Samples, ...], verdict: Answerer | None) -> None:
    assert detect(*parts)[0] is verdict


def test_end_of_a_machines_message_is_its_beep_or_its_silence() -> None:
    beep = tone((1_000,), duration_ms=400)

    assert detect(*GREETING, silence(700), beep, until_message_end=True)[0] is Answerer.MACHINE_END_BEEP
    assert detect(*GREETING, silence(2_500), until_message_end=True)[0] is Answerer.MACHINE_END_SILENCE


def test_party_that_sends_nothing_is_unknown_when_the_time_is_over() -> None:
    detector = MachineDetector()

    detector.wait(4_999)
    assert detector.verdict is None
    detector.wait(5_000)

    assert detector.verdict is Answerer.UNKNOWN
