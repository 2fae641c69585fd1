"""Speech that is recognised offline, by the real recognizer, from the real synthesizer's voice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.adapters.speech.recognizer import OfflineRecognizer, OfflineUtterance, SpeechRecognizer
from dialplane.domain.errors import Invalid
from dialplane.services.recording.recognition import Began, Heard, Listener, RecognitionWish, Said, Understood
from tests.adapters.test_speech import Web
from tests.fakes.speech import spoken_frames

MENU = ("sales", "support", "billing")


@pytest.fixture
async def prompts(tmp_path: Path) -> AsyncIterator[SpeechPrompts]:
    made = SpeechPrompts(tmp_path / "prompts", Web())
    yield made
    await made.close()


@pytest.fixture
async def recognizer() -> AsyncIterator[SpeechRecognizer]:
    made = SpeechRecognizer()
    yield made
    await made.close()


async def listen(recognizer: SpeechRecognizer, wish: RecognitionWish, frames: list[bytes]) -> list[Heard]:
    listener = Listener(recognizer, wish)
    for place, frame in enumerate(frames):
        listener.hear(20 * place, frame)
    listener.finish()
    return [event async for event in listener.events()]


async def test_hinted_words_are_understood_one_after_the_other(
    prompts: SpeechPrompts, recognizer: SpeechRecognizer
) -> None:
    frames = [frame for word in ("support", "billing") for frame in await spoken_frames(prompts, word)]

    events = await listen(recognizer, RecognitionWish(hints=MENU), frames)

    said = [event for event in events if isinstance(event, Said)]
    assert [event.text for event in said] == ["support", "billing"]
    assert all(0.3 < event.confidence <= 1 for event in said)
    assert [type(event) for event in events if not isinstance(event, Understood)] == [Began, Said] * 2


async def test_time_of_an_utterance_is_where_it_was_said(prompts: SpeechPrompts, recognizer: SpeechRecognizer) -> None:
    frames = await spoken_frames(prompts, "support", pause_ms=1_200)

    events = await listen(recognizer, RecognitionWish(hints=MENU), frames)

    (said,) = (event for event in events if isinstance(event, Said))
    assert 800 <= said.began_ms <= 1_400
    assert said.began_ms + 300 < said.ended_ms < 20 * len(frames) - 1_000


async def test_digits_are_understood_where_they_are_hinted(
    prompts: SpeechPrompts, recognizer: SpeechRecognizer
) -> None:
    frames = await spoken_frames(prompts, "one two three")

    events = await listen(recognizer, RecognitionWish(hints=("$OOV_CLASS_DIGIT_SEQUENCE",)), frames)

    (said,) = (event for event in events if isinstance(event, Said))
    assert said.text.startswith("one two three")


async def test_free_speech_is_understood_without_hints(prompts: SpeechPrompts, recognizer: SpeechRecognizer) -> None:
    frames = await spoken_frames(prompts, "hello")

    events = await listen(recognizer, RecognitionWish(), frames)

    assert [event.text for event in events if isinstance(event, Said)] == ["hello"]


async def test_silence_is_nobodys_speech(recognizer: SpeechRecognizer) -> None:
    assert await listen(recognizer, RecognitionWish(), [b"\xff" * 160] * 200) == []


@pytest.mark.parametrize(
    ("language", "provider", "field"), [("de-DE", "", "language"), ("", "", "language"), ("en-US", "acme", "provider")]
)
def test_language_or_provider_that_is_not_recognised_is_refused(language: str, provider: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        SpeechRecognizer().check(language, provider)

    assert refusal.value.field == field


def test_cloud_that_is_not_configured_is_stood_in_for_unless_the_operator_forbids_it() -> None:
    SpeechRecognizer(falls_back=True).check("en-US", "gcp")

    with pytest.raises(Invalid) as refusal:
        SpeechRecognizer(falls_back=False).check("en-US", "gcp")

    assert refusal.value.field == "provider"


async def test_recognizer_that_was_killed_is_started_again() -> None:
    recognizer = OfflineRecognizer(helpers=1)
    first = await recognizer.begin(RecognitionWish())
    assert isinstance(first, OfflineUtterance)
    helper = first._helper
    assert helper is not None
    await first.close()
    helper._process.kill()

    second = await recognizer.begin(RecognitionWish())

    assert (await second.end()).text == ""
    await second.close()
    await recognizer.close()
