"""National ringing tones (ITU-T E.180) and the waiting music, measured."""

import numpy as np
import pytest

from dialplane.audio.g711 import RATE_HZ, Samples
from dialplane.audio.listening import judge
from dialplane.audio.music import waiting_music
from dialplane.audio.ringing import RINGING, ringing_cadence

TWILIO_RING_TONES = (
    *("at", "au", "bg", "br", "be", "ch", "cl", "cn", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr", "hu", "il", "in"),
    *("it", "lt", "jp", "mx", "my", "nl", "no", "nz", "ph", "pl", "pt", "ru", "se", "sg", "th", "uk", "us", "us-old"),
    *("tw", "ve", "za"),
)


def strongest_hz(samples: Samples, count: int) -> list[int]:
    """The loudest frequencies of one second, rounded to whole hertz."""
    spectrum = np.abs(np.fft.rfft(samples[:RATE_HZ].astype(float)))
    return sorted(int(place) for place in np.argsort(spectrum)[-count:])


def test_ringing_of_north_america_is_two_tones_for_two_of_six_seconds() -> None:
    cadence = ringing_cadence(RINGING["us"])

    assert len(cadence) == 6 * RATE_HZ
    assert strongest_hz(cadence, 2) == [440, 480]
    assert judge(cadence[: 2 * RATE_HZ]).sounding_ms == 2_000
    assert judge(cadence[2 * RATE_HZ :]).sounding_ms == 0


def test_ringing_of_britain_is_a_double_ring() -> None:
    cadence = ringing_cadence(RINGING["uk"])

    assert len(cadence) == 3 * RATE_HZ
    assert judge(cadence).sounding_ms == 800
    assert judge(cadence[RATE_HZ * 4 // 10 : RATE_HZ * 6 // 10]).sounding_ms == 0


def test_ringing_of_germany_and_france_differ_in_pitch_and_time() -> None:
    german, french = ringing_cadence(RINGING["de"]), ringing_cadence(RINGING["fr"])

    assert (strongest_hz(german, 1), len(german)) == ([425], 5 * RATE_HZ)
    assert (strongest_hz(french, 1), len(french)) == ([440], 5 * RATE_HZ)
    assert judge(german).sounding_ms == 1_000
    assert judge(french).sounding_ms == 1_500


@pytest.mark.parametrize("country", TWILIO_RING_TONES)
def test_ringing_is_known_for_every_country_that_twilio_documents(country: str) -> None:
    cadence = ringing_cadence(RINGING[country])

    assert len(cadence) % (RATE_HZ // 50) == 0  # whole frames: nothing is padded when it repeats
    assert 0 < judge(cadence).sounding_ms < judge(cadence).duration_ms


def test_music_sounds_throughout_and_repeats_without_a_click() -> None:
    music = waiting_music()
    heard = judge(music)
    steps = np.abs(np.diff(np.concatenate([music[-RATE_HZ:], music[:RATE_HZ]]).astype(int)))

    assert heard.duration_ms == 32_000
    assert heard.sounding_ms > 31_000
    assert -30 < heard.level_dbfs < -15
    assert steps[RATE_HZ - 1] < steps.max()


def test_music_is_the_same_each_time_it_is_made() -> None:
    assert np.array_equal(waiting_music(), waiting_music())
