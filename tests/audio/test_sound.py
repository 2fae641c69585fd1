"""Tones, levels, mixing, resampling and WAV files."""

import math
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.audio.g711 import Samples, encode_ulaw
from dialplane.audio.listening import judge, level_dbfs, listen
from dialplane.audio.mixing import Track, mix
from dialplane.audio.resample import resample
from dialplane.audio.tones import beep, dtmf_tone
from dialplane.audio.wav import WavWriter, duration_ms_of


def sine(frequency_hz: float, rate_hz: int, *, count: int, amplitude: int = 10_000) -> Samples:
    wave_form: Samples = np.round(amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(count) / rate_hz)).astype(
        np.int16
    )
    return wave_form


def strongest_hz(samples: Samples) -> list[int]:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    spacing = 8_000 / len(samples)
    peaks = [
        index
        for index in range(1, len(spectrum) - 1)
        if spectrum[index] > spectrum.max() / 3 and spectrum[index] == spectrum[index - 2 : index + 3].max()
    ]
    return [round(index * spacing) for index in peaks]


def test_beep_is_half_a_second_of_1000_hz() -> None:
    assert len(beep()) == 4_000
    assert strongest_hz(beep()) == [1_000]


@pytest.mark.parametrize(
    ("digit", "row", "column"), [("1", 697, 1_209), ("0", 941, 1_336), ("#", 941, 1_477), ("D", 941, 1_633)]
)
def test_key_is_its_row_and_its_column(digit: str, row: int, column: int) -> None:
    low, high = strongest_hz(dtmf_tone(digit, duration_ms=1_000))

    assert abs(low - row) <= 1
    assert abs(high - column) <= 1


def test_level_of_a_full_sine_is_three_decibels_below_full_scale() -> None:
    assert abs(level_dbfs(sine(1_000, 8_000, count=8_000, amplitude=32_767)) + 3.01) < 0.01
    assert level_dbfs(np.zeros(160, dtype=np.int16)) == -math.inf
    assert level_dbfs(np.zeros(0, dtype=np.int16)) == -math.inf


def test_listener_tells_how_long_somebody_spoke() -> None:
    audio = np.concatenate((np.zeros(1_600, np.int16), sine(500, 8_000, count=800), np.zeros(400, np.int16)))

    heard = judge(audio)

    assert (heard.duration_ms, heard.sounding_ms) == (350, 100)
    assert abs(listen(encode_ulaw(audio)).level_dbfs - heard.level_dbfs) < 0.1


def test_mix_is_held_at_full_scale() -> None:
    loud = np.array([30_000, -30_000, 5], dtype=np.int16)

    assert mix(loud, loud).tolist() == [32_767, -32_768, 10]


@given(st.lists(st.tuples(st.integers(0, 0xFFFF_FFFF), st.integers(0, 400), st.integers(0, 40)), max_size=40))
def test_track_gives_as_much_as_it_is_asked_for_whatever_is_put_on_it(puts: list[tuple[int, int, int]]) -> None:
    track = Track()
    now = 0
    for timestamp, size, step in puts:
        now += step * 160
        track.put(timestamp, b"\x10" * size, now)
        assert len(track.take(step * 160)) == step * 160


def test_track_does_not_change_what_was_taken() -> None:
    track = Track()
    track.put(0, b"\x10" * 160, 0)
    track.take(800)

    track.put(160, b"\x10" * 160, 800)

    assert track.take(160) == b"\xff" * 160


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 16_000, 48_000, 6_000])
def test_resampled_tone_is_the_same_tone(rate_hz: int) -> None:
    got = resample(sine(1_000, rate_hz, count=rate_hz), rate_hz, 8_000)

    assert len(got) == 8_000
    assert np.abs(got[400:-400].astype(int) - sine(1_000, 8_000, count=8_000)[400:-400]).max() <= 30


@pytest.mark.parametrize("frequency_hz", [4_400, 5_000, 7_000, 10_000])
def test_what_is_too_high_for_the_new_rate_does_not_fold_back(frequency_hz: int) -> None:
    got = resample(sine(frequency_hz, 22_050, count=22_050), 22_050, 8_000)

    assert level_dbfs(got[400:-400]) < -65


@given(st.integers(0, 500), st.sampled_from([(22_050, 8_000), (8_000, 22_050), (44_100, 8_000), (8_000, 8_000)]))
def test_short_pieces_keep_their_length(count: int, rates: tuple[int, int]) -> None:
    source, target = rates

    assert abs(len(resample(np.full(count, 99, np.int16), source, target)) - count * target / source) <= 1


def test_wav_file_is_whole_after_every_write(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    writer = WavWriter(path)
    for blocks in range(4):
        with wave.open(str(path)) as file:
            assert (file.getnframes(), file.getframerate()) == (blocks * 800, 8_000)
        assert duration_ms_of(path) == writer.duration_ms == blocks * 100
        writer.write(sine(500, 8_000, count=800))
    writer.close()
    assert duration_ms_of(tmp_path / "none.wav") == 0
