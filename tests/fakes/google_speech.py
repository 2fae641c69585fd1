"""Google Cloud's two speech services, as far as their REST references describe what we send them."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from dialplane.audio.tones import beep
from dialplane.audio.wav import wav_header

KEY = "key of the tests"
VOICES = {"en-US-Neural2-F": "FEMALE", "de-DE-Standard-B": "MALE"}


@dataclass
class GoogleSpeech:
    """Checks each request as Google does, and keeps it."""

    url: str = ""
    spoken: list[dict[str, Any]] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    transcript: str = "thank you"

    async def synthesize(self, request: web.Request) -> web.Response:
        body = await request.json()
        if request.headers.get("X-Goog-Api-Key") != KEY:
            return _fault(403, "API key not valid")
        unknown = set(body) - {"input", "voice", "audioConfig"}
        if unknown or len(body["input"]) != 1 or not set(body["input"]) <= {"text", "ssml"}:
            return _fault(400, "Invalid JSON payload received")
        voice = body["voice"]
        if "name" in voice and not (voice["name"] in VOICES and voice["name"].startswith(voice["languageCode"])):
            return _fault(400, f"Voice '{voice['name']}' does not exist. Is it misspelled?")
        if body["audioConfig"] != {"audioEncoding": "LINEAR16", "sampleRateHertz": 8000}:
            return _fault(400, "audioConfig is not supported")
        self.spoken.append(body)
        sound = beep().astype("<i2").tobytes()
        content = base64.b64encode(wav_header(len(sound)) + sound).decode()
        return web.json_response({"audioContent": content})

    async def recognize(self, request: web.Request) -> web.Response:
        body = await request.json()
        if request.headers.get("X-Goog-Api-Key") != KEY:
            return _fault(403, "API key not valid")
        config = body["config"]
        if config["encoding"] != "MULAW" or config["sampleRateHertz"] != 8000:
            return _fault(400, "Invalid recognition 'config': bad encoding")
        base64.b64decode(body["audio"]["content"], validate=True)
        self.heard.append(body)
        alternatives = [{"transcript": self.transcript, "confidence": 0.875}]
        return web.json_response({"results": [{"alternatives": alternatives}]} if self.transcript else {})


def _fault(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"code": status, "message": message}}, status=status)


@asynccontextmanager
async def google_speech() -> AsyncIterator[GoogleSpeech]:
    service = GoogleSpeech()
    app = web.Application(client_max_size=8 << 20)
    app.router.add_post("/v1/text:synthesize", service.synthesize)
    app.router.add_post("/v1/speech:recognize", service.recognize)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield service
    await runner.cleanup()
