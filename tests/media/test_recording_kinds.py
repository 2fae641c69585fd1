"""Recordings with two channels, of the party alone, with pauses, and trimmed."""

import asyncio
from pathlib import Path

from dialplane.domain.calling.media import Prompt
from dialplane.media.client import MediaClient
from dialplane.media.recording import Recording, RecordingWish
from tests.media.conftest import Party, tone
from tests.media.sounds import FileTape, read_wav, strength

TONE = tone(1_000, duration_ms=20)


def record(
    wish: RecordingWish, sounding: list[tuple[float, float]], until: float, *pauses: tuple[float, float]
) -> None:
    """Record a party that speaks in the given times and sends silence otherwise."""
    recording = Recording(wish, 0.0, FileTape(wish))
    changes = {at: is_pause for begin, end in pauses for at, is_pause in ((begin, True), (end, False))}
    for index in range(round(until * 50)):
        now = index / 50
        if now in changes:
            recording.pause(changes[now], now)
        is_loud = any(begin <= now < end for begin, end in sounding)
        recording.put_heard(index * 160, TONE if is_loud else b"\xff" * 160, now)
        if index % 5 == 0:
            assert recording.advance(now)
    recording.finish("stopped", until)


async def test_two_channels_have_the_party_left_and_what_it_hears_right(
    media: MediaClient, party: Party, tmp_path: Path
) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    said = tmp_path / "said.ulaw"
    said.write_bytes(tone(400, duration_ms=1_000))
    await leg.start_recording(tmp_path / "call.wav", tracks="both")

    await asyncio.gather(leg.play([Prompt(said, 1_000)]), party.speak(leg.port, tone(1_000, duration_ms=1_000)))
    leg.stop_recording()
    end = await leg.wait_recording()

    left, right = read_wav(end.path, channels=2)
    assert end.duration_ms == len(left) * 1000 // 8_000
    assert strength(left[2_400:6_400], 1_000) > 6_000 > 300 > strength(left[2_400:6_400], 400)
    assert strength(right[2_400:6_400], 400) > 6_000 > 300 > strength(right[2_400:6_400], 1_000)


async def test_party_alone_is_recorded_without_what_it_hears(media: MediaClient, party: Party, tmp_path: Path) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    said = tmp_path / "said.ulaw"
    said.write_bytes(tone(400, duration_ms=600))
    await leg.start_recording(tmp_path / "call.wav", tracks="heard")

    await asyncio.gather(leg.play([Prompt(said, 600)]), party.speak(leg.port, tone(1_000, duration_ms=600)))
    await leg.close()
    await leg.wait_recording()

    samples = read_wav(tmp_path / "call.wav")[800:4_000]
    assert strength(samples, 1_000) > 6_000 > 300 > strength(samples, 400)


async def test_paused_recording_stands_still_until_it_goes_on(media: MediaClient, party: Party, tmp_path: Path) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    await leg.start_recording(tmp_path / "call.wav", duration_s=1)

    await party.speak(leg.port, tone(400, duration_ms=300))
    leg.pause_recording(True)
    await media.stats()
    await party.speak(leg.port, tone(1_000, duration_ms=800))
    leg.pause_recording(False)
    await media.stats()
    await party.speak(leg.port, tone(1_700, duration_ms=900))
    end = await leg.wait_recording()

    samples = read_wav(end.path)
    assert (end.ended_by, end.duration_ms) == ("duration", 1_000)
    assert [strength(samples, frequency) > 1_000 for frequency in (400, 1_000, 1_700)] == [True, False, True]


def test_pause_leaves_the_rest_as_long_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"

    record(RecordingWish(path), [(0, 3)], 3.0, (1.0, 2.5))

    assert len(read_wav(path)) == 12_000


def test_silent_pause_is_as_long_as_it_was_and_holds_nothing(tmp_path: Path) -> None:
    """Twilio's `PauseBehavior=silence`."""
    path = tmp_path / "a.wav"
    wish = RecordingWish(path)
    recording = Recording(wish, 0.0, FileTape(wish))
    for index in range(150):
        now = index / 50
        if index in (50, 100):
            recording.pause(index == 50, now, silent=True)
        recording.put_heard(index * 160, TONE, now)
    recording.finish("stopped", 3.0)

    samples = read_wav(path)
    assert len(samples) == 24_000
    assert [samples[at : at + 4_000].any() for at in (2_000, 10_000, 18_000)] == [True, False, True]


def test_what_is_sent_is_recorded_alone(tmp_path: Path) -> None:
    """Twilio's `RecordingTrack=outbound`."""
    path = tmp_path / "a.wav"
    wish = RecordingWish(path, tracks="sent")
    recording = Recording(wish, 0.0, FileTape(wish))
    for index in range(50):
        recording.put_heard(index * 160, tone(400, duration_ms=20), index / 50)
        recording.put_sent(index * 160, TONE, index / 50)
    recording.finish("stopped", 1.0)

    samples = read_wav(path)
    assert strength(samples, 1_000) > 6_000 > 300 > strength(samples, 400)


def test_trimmed_recording_has_no_silence_at_either_end_and_keeps_what_is_between(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"

    record(RecordingWish(path, trim=True), [(1.3, 1.5), (2.0, 2.7)], 5.0)

    samples = read_wav(path)
    assert len(samples) == round(1.4 * 8_000)
    assert samples[:160].any()
    assert samples[-160:].any()
    assert not samples[2_000:5_000].any()


def test_trimmed_recording_of_silence_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"

    record(RecordingWish(path, tracks="both", trim=True), [], 2.0)

    assert read_wav(path, channels=2).shape == (2, 0)


def test_file_is_whole_at_every_moment_of_a_trimmed_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    wish = RecordingWish(path, tracks="both", trim=True)
    recording = Recording(wish, 0.0, FileTape(wish))

    lengths = []
    for index in range(150):
        recording.put_heard(index * 160, TONE if 20 <= index < 100 else b"\xff" * 160, index / 50)
        recording.advance(index / 50)
        lengths.append(read_wav(path, channels=2).shape[1])
    recording.finish("stopped", 3.0)

    assert lengths == sorted(lengths)
    assert read_wav(path, channels=2).shape[1] == 80 * 160
