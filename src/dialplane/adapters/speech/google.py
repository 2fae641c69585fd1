"""Google Cloud's voices and ears over REST, with the operator's API key (Text-to-Speech v1 `text:synthesize`,
Speech-to-Text v1 `speech:recognize`). Which voices there are is Google's to say: its refusal names the field.
"""

import base64
import binascii
import io
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
import msgspec
import numpy as np

from dialplane.audio.g711 import RATE_HZ, Samples
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.services.recording.recognition import Recognised, RecognitionWish, Utterance

TIMEOUT_S = 15.0
_LARGEST_ANSWER = 16 << 20
"""Five minutes of samples in base64 are 6.4 MB."""
_GENDERS = {"male": "MALE", "female": "FEMALE", "neutral": "NEUTRAL"}


@dataclass(frozen=True, slots=True)
class GoogleAccess:
    """Where the two services are, and the key that opens them."""

    key: str = field(repr=False)
    tts_url: str = "https://texttospeech.googleapis.com"
    stt_url: str = "https://speech.googleapis.com"


class GoogleApi:
    """One request after the other or many at once; `close` when done."""

    def __init__(self, access: GoogleAccess) -> None:
        self.access = access
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: Mapping[str, object], *, field: str) -> Mapping[str, object]:
        """The answer. Raises Invalid (`field`) with Google's words where it refuses the request, else Unavailable."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        try:
            async with self._session.post(
                url,
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json", "X-Goog-Api-Key": self.access.key},
            ) as response:
                status, content = response.status, await response.content.read(_LARGEST_ANSWER)
                while not response.content.at_eof() and len(content) < _LARGEST_ANSWER:
                    content += await response.content.read(_LARGEST_ANSWER - len(content))
            answer = msgspec.json.decode(content, type=dict[str, object])
        except (aiohttp.ClientError, OSError, msgspec.DecodeError) as fault:
            raise Unavailable(f"the cloud does not answer: {type(fault).__name__}") from fault
        if status == 400:
            raise Invalid(f"the cloud refuses it: {_reason(answer)}", field=field)
        if status != 200:
            raise Unavailable(f"the cloud answers {status}: {_reason(answer)}")
        return answer

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class GoogleVoice:
    """Fulfils `prompts.CloudVoice`."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    async def speak(self, text: str, *, ssml: bool, language: str, gender: str, voice_id: str) -> Samples:
        """At 8,000 Hz. Raises Invalid (`voice_id` or `language`), Unavailable."""
        voice = {"languageCode": _language_of(voice_id) or language}
        if voice_id:
            voice["name"] = voice_id
        elif gender:
            voice["ssmlGender"] = _GENDERS[gender]
        answer = await self._api.post(
            f"{self._api.access.tts_url}/v1/text:synthesize",
            {
                "input": {"ssml": text} if ssml else {"text": text},
                "voice": voice,
                "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": RATE_HZ},
            },
            field="voice_id" if voice_id else "language",
        )
        return _samples(str(answer.get("audioContent", "")))


class GoogleRecognizer:
    """Fulfils `services.recording.recognition.Recognizer`; an utterance is sent when it is over."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    def check(self, language: str, provider: str) -> None:
        if not language:
            raise Invalid("language must be a tag, such as en-US", field="language")

    async def begin(self, wish: RecognitionWish) -> Utterance:
        self.check(wish.language, wish.provider)
        return GoogleUtterance(self._api, wish)


class GoogleUtterance:
    """Fulfils `Utterance`."""

    def __init__(self, api: GoogleApi, wish: RecognitionWish) -> None:
        self._api = api
        self._wish = wish
        self._audio = bytearray()

    async def hear(self, audio: bytes) -> str:
        self._audio += audio
        return ""

    async def end(self) -> Recognised:
        config: dict[str, object] = {
            "encoding": "MULAW",
            "sampleRateHertz": RATE_HZ,
            "languageCode": self._wish.language,
        }
        if self._wish.hints:
            config["speechContexts"] = [{"phrases": list(self._wish.hints)}]
        answer = await self._api.post(
            f"{self._api.access.stt_url}/v1/speech:recognize",
            {"config": config, "audio": {"content": base64.b64encode(self._audio).decode()}},
            field="language",
        )
        return _recognised(answer)

    async def close(self) -> None:
        self._audio.clear()


class _Alternative(msgspec.Struct):
    transcript: str = ""
    confidence: float = 0.0


class _Result(msgspec.Struct):
    alternatives: list[_Alternative] = []


class _Fault(msgspec.Struct):
    message: str = ""


def _recognised(answer: Mapping[str, object]) -> Recognised:
    """The best of each part, joined; no results means that nothing was understood."""
    try:
        results = msgspec.convert(answer.get("results", []), list[_Result])
    except msgspec.ValidationError as fault:
        raise Unavailable("the cloud's answer is not what it documents") from fault
    best = [result.alternatives[0] for result in results if result.alternatives]
    if not best:
        return Recognised("")
    confidence = sum(each.confidence for each in best) / len(best)
    return Recognised(" ".join(each.transcript.strip() for each in best), min(1.0, max(0.0, confidence)))


def _samples(content: str) -> Samples:
    try:
        with wave.open(io.BytesIO(base64.b64decode(content, validate=True))) as file:
            if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE_HZ):
                raise Unavailable("the cloud's sound is of another kind than was asked for")
            return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)
    except (binascii.Error, ValueError, wave.Error, EOFError) as fault:
        raise Unavailable("the cloud's answer holds no sound") from fault


def _reason(answer: Mapping[str, object]) -> str:
    try:
        return msgspec.convert(answer.get("error", {}), _Fault).message[:200]
    except msgspec.ValidationError:
        return "no reason given"


def _language_of(voice_id: str) -> str:
    """`en-US-Neural2-F` is a voice of `en-US`."""
    parts = voice_id.split("-")
    return "-".join(parts[:2]) if len(parts) > 2 else ""
