"""A cloud's voice and ear behind the ports, against a server that checks requests as the REST reference has them."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialplane.adapters.speech.google import GoogleAccess, GoogleApi, GoogleRecognizer, GoogleVoice
from dialplane.adapters.speech.prompts import Clouds, SpeechPrompts
from dialplane.adapters.speech.recognizer import SpeechRecognizer
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.services.recording.recognition import Recognised, RecognitionWish
from tests.adapters.test_speech import Web
from tests.fakes.google_speech import KEY, GoogleSpeech, google_speech


@pytest.fixture
async def google() -> AsyncIterator[GoogleSpeech]:
    async with google_speech() as service:
        yield service


@pytest.fixture
async def api(google: GoogleSpeech) -> AsyncIterator[GoogleApi]:
    api = GoogleApi(GoogleAccess(KEY, google.url, google.url))
    yield api
    await api.close()


@pytest.fixture
async def prompts(api: GoogleApi, tmp_path: Path) -> AsyncIterator[SpeechPrompts]:
    clouds = Clouds(voices={"gcp": GoogleVoice(api)}, falls_back=False)
    made = SpeechPrompts(tmp_path, Web(), clouds=clouds)
    yield made
    await made.close()


async def test_text_is_spoken_by_the_clouds_voice_once(prompts: SpeechPrompts, google: GoogleSpeech) -> None:
    asked = {"language": "en-US", "gender": "", "voice_id": "en-US-Neural2-F", "provider": "gcp"}

    first, second = await asyncio.gather(prompts.say("Hello", **asked), prompts.say("Hello", **asked))

    assert first.path == second.path
    assert first.path.read_bytes() == (await prompts.beep()).path.read_bytes()
    assert google.spoken == [
        {
            "input": {"text": "Hello"},
            "voice": {"languageCode": "en-US", "name": "en-US-Neural2-F"},
            "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": 8000},
        }
    ]


async def test_ssml_and_gender_are_told_in_the_clouds_words(prompts: SpeechPrompts, google: GoogleSpeech) -> None:
    await prompts.say("<speak>Hallo</speak>", language="de-DE", gender="female", voice_id="", provider="gcp")

    (request,) = google.spoken
    assert request["input"] == {"ssml": "<speak>Hallo</speak>"}
    assert request["voice"] == {"languageCode": "de-DE", "ssmlGender": "FEMALE"}


async def test_voice_that_the_cloud_does_not_have_is_refused_by_name(prompts: SpeechPrompts) -> None:
    with pytest.raises(Invalid, match="does not exist") as refusal:
        await prompts.say("Hello", language="en-US", gender="", voice_id="en-US-Nobody-A", provider="gcp")

    assert refusal.value.field == "voice_id"


async def test_provider_that_is_not_configured_is_refused_where_nobody_stands_in(prompts: SpeechPrompts) -> None:
    with pytest.raises(Invalid) as refusal:
        await prompts.say("Hello", language="en-US", gender="", voice_id="", provider="aws")

    assert refusal.value.field == "provider"


async def test_embedded_voice_stands_in_for_a_provider_that_is_not_configured(tmp_path: Path) -> None:
    prompts = SpeechPrompts(tmp_path, Web())

    stood_in = await prompts.say("Hello", language="en-US", gender="", voice_id="", provider="gcp")
    embedded = await prompts.say("Hello", language="en-US", gender="", voice_id="", provider="embedded")

    assert stood_in.path == embedded.path
    await prompts.close()


async def test_wrong_key_makes_the_cloud_unavailable(google: GoogleSpeech) -> None:
    api = GoogleApi(GoogleAccess("wrong", google.url, google.url))

    with pytest.raises(Unavailable, match="API key not valid"):
        await GoogleVoice(api).speak("Hello", ssml=False, language="en-US", gender="", voice_id="")

    await api.close()


async def test_utterance_is_recognised_by_the_cloud_with_its_hints(api: GoogleApi, google: GoogleSpeech) -> None:
    recognizer = SpeechRecognizer({"gcp": GoogleRecognizer(api)}, default="gcp")
    utterance = await recognizer.begin(RecognitionWish(language="de-DE", hints=("ja", "nein")))

    await utterance.hear(b"\x7f" * 160)
    await utterance.hear(b"\xff" * 160)
    result = await utterance.end()
    await utterance.close()

    assert result == Recognised("thank you", 0.875)
    (request,) = google.heard
    assert request["config"] == {
        "encoding": "MULAW",
        "sampleRateHertz": 8000,
        "languageCode": "de-DE",
        "speechContexts": [{"phrases": ["ja", "nein"]}],
    }
    assert base64.b64decode(request["audio"]["content"]) == b"\x7f" * 160 + b"\xff" * 160


async def test_nothing_understood_is_an_empty_text(api: GoogleApi, google: GoogleSpeech) -> None:
    google.transcript = ""
    utterance = await GoogleRecognizer(api).begin(RecognitionWish())

    assert await utterance.end() == Recognised("")
