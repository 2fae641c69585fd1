"""When speech begins and ends, judged by energy."""

import numpy as np

from dialplane.audio.g711 import FRAME_SAMPLES, encode_ulaw
from dialplane.audio.tones import tone
from dialplane.audio.voice_activity import SpeechBegan, SpeechEnded, VoiceActivity

QUIET = encode_ulaw(np.zeros(FRAME_SAMPLES, np.int16))
LOUD = encode_ulaw(tone((300,), duration_ms=20))


def noise(level: float, seed: int) -> bytes:
    samples = np.random.default_rng(seed).normal(0, level, FRAME_SAMPLES)
    return encode_ulaw(np.round(samples).astype(np.int16))


def changes(activity: VoiceActivity, frames: list[bytes]) -> list[SpeechBegan | SpeechEnded]:
    told = [activity.hear(20 * place, frame) for place, frame in enumerate(frames)]
    return [change for change in told if change is not None]


def test_speech_begins_with_what_came_before_it_and_ends_after_its_silence() -> None:
    frames = [QUIET] * 50 + [LOUD] * 25 + [QUIET] * 50

    began, ended = changes(VoiceActivity(silence_ms=500), frames)

    assert isinstance(began, SpeechBegan)
    assert 700 <= began.at_ms <= 1_000
    assert began.before.endswith(LOUD * 3)
    assert ended == SpeechEnded(1_500)


def test_click_is_no_speech() -> None:
    assert changes(VoiceActivity(), [QUIET] * 20 + [LOUD] * 2 + [QUIET] * 100) == []


def test_pause_shorter_than_the_silence_does_not_end_speech() -> None:
    frames = [LOUD] * 20 + [QUIET] * 20 + [LOUD] * 20

    assert [type(change) for change in changes(VoiceActivity(silence_ms=500), frames)] == [SpeechBegan]


def test_noise_of_the_line_is_learnt_and_a_voice_above_it_is_heard() -> None:
    hiss = [noise(400, seed) for seed in range(400)]
    activity = VoiceActivity(silence_ms=500)
    changes(activity, hiss)

    told = [activity.hear(8_000 + 20 * place, LOUD) for place in range(20)]

    assert [type(change) for change in told if change] == [SpeechBegan]


def test_speech_without_an_end_is_ended_at_its_limit() -> None:
    told = changes(VoiceActivity(silence_ms=500, longest_ms=1_000), [LOUD] * 60)

    assert [type(change) for change in told[:2]] == [SpeechBegan, SpeechEnded]


def test_party_that_sends_nothing_any_more_has_ended_its_speech() -> None:
    activity = VoiceActivity(silence_ms=500)
    changes(activity, [LOUD] * 10)

    assert activity.pass_time(600) is None
    assert activity.pass_time(700) == SpeechEnded(200)
