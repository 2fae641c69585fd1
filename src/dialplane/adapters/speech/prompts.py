"""`SpeechPrompts` fulfils the call runtime's `Prompts` port: speech, files behind URLs, tones and music."""

import asyncio
import hashlib
import sys
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

import numpy as np

from dialplane.adapters.speech.espeak import EspeakSynthesizer
from dialplane.adapters.speech.prompt_store import CAPACITY_OCTETS, PromptStore, prompt_key
from dialplane.audio.g711 import Samples
from dialplane.audio.music import waiting_music
from dialplane.audio.resample import resample
from dialplane.audio.ringing import RINGING, ringing_cadence
from dialplane.audio.tones import beep
from dialplane.domain.calling.media import LONGEST_FILE_S, Prompt
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.speech.providers import CLOUD_PROVIDERS, PROVIDERS
from dialplane.domain.speech.ssml import is_ssml, plain_text, safe_ssml
from dialplane.domain.speech.voices import GENDERS, Voice, choose_voice
from dialplane.rtp.packet import CLOCK_HZ

LARGEST_FILE_OCTETS = 10 << 20
LONGEST_TEXT = 5_000
"""Characters; some five minutes of speech."""
_FETCH_TIMEOUT_S = 15.0
_DECODE_TIMEOUT_S = 30.0
_FRESH_S = 60.0
"""A file is not asked for again so soon: a caller who hears a menu twice must not wait for it twice."""
_MOST_URLS = 1_000
_DECODERS = 2
_MUSIC_EDITION = "1"
"""Counted up when the music changes: prompts outlive the release that made them."""


class Fetcher(Protocol):
    """The guarded client for tenants' URLs."""

    async def get(self, url: str, *, limit: int, timeout_s: float) -> tuple[bytes, str]:
        """Body and content type. Raises Refusal where the address is not allowed, nothing but success is answered,
        or the body is longer than `limit` octets."""
        ...


class CloudVoice(Protocol):
    """A synthesizer behind somebody's API; which voices it has is for it to say."""

    async def speak(self, text: str, *, ssml: bool, language: str, gender: str, voice_id: str) -> Samples:
        """At 8,000 Hz. Raises Invalid (`voice_id`, `language`) where there is no such voice, Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Clouds:
    """Who else may speak, and when."""

    voices: Mapping[str, CloudVoice] = field(default_factory=dict)
    """By provider: those that the operator has configured."""
    default: str = ""
    """Who speaks what names no provider; "" is the embedded synthesizer."""
    falls_back: bool = True
    """The embedded synthesizer stands in for a provider that is not configured; else that is refused."""


class SpeechPrompts:
    """What was made once comes from the folder; the same thing asked for twice at a time is made once."""

    def __init__(
        self,
        folder: Path,
        fetcher: Fetcher,
        *,
        capacity_octets: int = CAPACITY_OCTETS,
        clouds: Clouds | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = PromptStore(folder, capacity_octets=capacity_octets)
        self._fetcher = fetcher
        self._clouds = clouds or Clouds()
        self._clock = clock
        self._synthesizer = EspeakSynthesizer()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._decoders = asyncio.Semaphore(_DECODERS)
        self._fetched: OrderedDict[str, tuple[float, str]] = OrderedDict()
        """By URL: until when it is fresh, and the key of its prompt."""

    async def start(self) -> None:
        """Start the synthesizer ahead of the first call. Raises Unavailable."""
        await self._synthesizer.start()

    async def say(self, text: str, *, language: str, gender: str, voice_id: str, provider: str = "") -> Prompt:
        """See the port. Raises Invalid (`text`, `language`, `gender`, `voice_id`, `provider`) or Unavailable."""
        if len(text) > LONGEST_TEXT:
            raise Invalid(f"text is longer than {LONGEST_TEXT} characters", field="text")
        ssml = is_ssml(text)
        spoken = safe_ssml(text) if ssml else plain_text(text)
        if not spoken:
            raise Invalid("there is no text to speak", field="text")
        if gender not in GENDERS:
            raise Invalid(f"gender must be one of male, female, neutral, not {gender!r}", field="gender")
        cloud = self._cloud(provider)
        if cloud is None:
            voice = choose_voice(language=language, gender=gender, voice_id=voice_id)
            return await self._say_embedded(spoken, voice, ssml)

        async def speak() -> Samples:
            return await cloud.speak(spoken, ssml=ssml, language=language, gender=gender, voice_id=voice_id)

        who = (voice_id,) if voice_id else (language, gender)
        key = prompt_key("cloud", provider or self._clouds.default, _kind(ssml), spoken, *who)
        return await self._spoken_once(key, speak)

    async def _say_embedded(self, spoken: str, voice: Voice, ssml: bool) -> Prompt:
        async def speak() -> Samples:
            samples, rate_hz = await self._synthesizer.speak(spoken, voice=voice.engine, ssml=ssml)
            return await asyncio.to_thread(resample, samples, rate_hz, CLOCK_HZ)

        return await self._spoken_once(prompt_key("say", _kind(ssml), spoken, voice.engine), speak)

    async def _spoken_once(self, key: str, speak: Callable[[], Awaitable[Samples]]) -> Prompt:
        async with self._lock(key):
            found = self._store.find(key)
            return found if found is not None else await asyncio.to_thread(self._store.add, key, await speak())

    def _cloud(self, provider: str) -> CloudVoice | None:
        """Who speaks for the provider; None is the embedded synthesizer. Raises Invalid (`provider`)."""
        name = provider or self._clouds.default
        if name not in PROVIDERS:
            raise Invalid(f"provider must be one of embedded, gcp, aws, not {name!r}", field="provider")
        if name in CLOUD_PROVIDERS and name not in self._clouds.voices and not self._clouds.falls_back:
            raise Invalid(f"the provider {name} is not configured on this server", field="provider")
        return self._clouds.voices.get(name)

    async def fetch(self, url: str) -> Prompt:
        """See the port. A file is asked for again after a minute, and decoded again only if it has changed."""
        async with self._lock(url):
            fresh_until, key = self._fetched.get(url, (0.0, ""))
            if self._clock() < fresh_until:
                known = self._store.find(key)
                if known is not None:
                    return known
            body, _ = await self._fetcher.get(url, limit=LARGEST_FILE_OCTETS, timeout_s=_FETCH_TIMEOUT_S)
            key = prompt_key("file", hashlib.sha256(body).hexdigest())
            prompt = self._store.find(key) or await self._decode(key, body)
            self._fetched[url] = (self._clock() + _FRESH_S, key)
            self._fetched.move_to_end(url)
            if len(self._fetched) > _MOST_URLS:
                self._fetched.popitem(last=False)
            return prompt

    async def beep(self) -> Prompt:
        key = prompt_key("beep")
        return self._store.find(key) or self._store.add(key, beep())

    async def ringing(self, country: str = "us") -> Prompt:
        """See the port. Raises Invalid (`ring_tone`)."""
        known = RINGING.get(country.lower())
        if known is None:
            raise Invalid(f"there is no ringing tone for the country {country!r}", field="ring_tone")
        return await self._made_once(prompt_key("ringing", repr(known)), lambda: ringing_cadence(known))

    async def music(self) -> Prompt:
        return await self._made_once(prompt_key("music", _MUSIC_EDITION), waiting_music)

    async def close(self) -> None:
        await self._synthesizer.close()

    async def _made_once(self, key: str, make: Callable[[], Samples]) -> Prompt:
        async with self._lock(key):
            found = self._store.find(key)
            return found if found is not None else await asyncio.to_thread(self._add_made, key, make)

    def _add_made(self, key: str, make: Callable[[], Samples]) -> Prompt:
        return self._store.add(key, make())

    def _lock(self, key: str) -> asyncio.Lock:
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock

    async def _decode(self, key: str, body: bytes) -> Prompt:
        async with self._decoders:
            samples = await _decode_apart(body)
        return await asyncio.to_thread(self._store.add, key, samples)


def _kind(ssml: bool) -> str:
    return "ssml" if ssml else "plain"


async def _decode_apart(body: bytes) -> Samples:
    """Decode in a worker process. Raises Invalid (`url`) where the file is no audio, or Unavailable."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dialplane.adapters.speech.decode_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_DECODE_TIMEOUT_S):
            samples, complaint = await process.communicate(body)
    except TimeoutError:
        raise Unavailable("decoding took too long") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = complaint.decode(errors="replace").strip().splitlines()
        reason = lines[-1][:200] if lines else "its decoder ended"
        raise Invalid(f"the file cannot be played: {reason}", field="url", details=({"longest_s": LONGEST_FILE_S},))
    return np.frombuffer(samples, dtype="<i2").astype(np.int16)
