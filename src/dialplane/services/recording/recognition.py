"""What calls and recordings need of a recognizer, and how a stream of audio becomes stretches of recognised speech.

Audio is mu-law at 8,000 Hz everywhere. `Recognizer` is the port; `adapters/speech/` fulfils it, offline or by a cloud.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from dialplane.audio.voice_activity import SpeechBegan, SpeechEnded, VoiceActivity

LONGEST_UTTERANCE_MS = 60_000
"""Restcomm reference 5.8."""


@dataclass(frozen=True, slots=True)
class RecognitionWish:
    language: str = "en-US"
    hints: tuple[str, ...] = ()
    """Words and phrases that are likely to be said."""
    provider: str = ""
    silence_ms: int = 1_000
    """So much silence ends an utterance."""
    longest_ms: int = LONGEST_UTTERANCE_MS
    interim: bool = False
    """Tell what is understood while somebody still speaks; costs as much again."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What an utterance was; `text` is empty where nothing was understood, `confidence` is from 0 to 1."""

    text: str
    confidence: float = 0.0


class Utterance(Protocol):
    """One stretch of speech on its way. Ended by `end` or `close`."""

    async def hear(self, audio: bytes) -> str:
        """Take more audio. The text as far as it is understood now, "" where there is none before the end."""
        ...

    async def end(self) -> Recognised:
        """No more audio comes. Raises Unavailable where the recognizer fails."""
        ...

    async def close(self) -> None:
        """Give it up. Safe after `end`, and twice."""
        ...


class Recognizer(Protocol):
    def check(self, language: str, provider: str) -> None:
        """Raises Invalid (`language`, `provider`) where there is no such recognition."""
        ...

    async def begin(self, wish: RecognitionWish) -> Utterance:
        """Waits while all recognizers are busy. Raises Invalid as `check` does, Unavailable where none works."""
        ...


# --- what a listener tells -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody began to speak, `at_ms` after the listening began."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Understood:
    """An utterance that goes on, as far as it is understood."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance that is over."""

    text: str
    confidence: float
    began_ms: int
    ended_ms: int


Heard = Began | Understood | Said


class Listener:
    """One party's speech. `hear` takes frames as they come and never waits; `events` tells what was understood."""

    def __init__(self, recognizer: Recognizer, wish: RecognitionWish) -> None:
        """Raises Invalid where the language or provider cannot be recognised."""
        recognizer.check(wish.language, wish.provider)
        self._recognizer = recognizer
        self._wish = wish
        self._activity = VoiceActivity(silence_ms=wish.silence_ms, longest_ms=wish.longest_ms)
        self._waiting: asyncio.Queue[SpeechBegan | SpeechEnded | bytes | None] = asyncio.Queue()
        """Bounded by what is said: silence is not kept, and an utterance is no longer than `longest_ms`."""
        self._heard_until_ms = 0

    def hear(self, at_ms: int, frame: bytes) -> None:
        """Take 20 ms; frames of silence cost a few microseconds."""
        was_speaking = self._activity.is_speaking
        self._heard_until_ms = at_ms + 20
        change = self._activity.hear(at_ms, frame)
        if was_speaking:
            self._waiting.put_nowait(frame)
        if change is not None:
            self._waiting.put_nowait(change)

    @property
    def heard_ms(self) -> int:
        """Up to when frames have come."""
        return self._heard_until_ms

    async def caught_up(self) -> None:
        """Wait until what was said so far is on its way: a file is read no faster than it is recognised."""
        await self._waiting.join()

    def finish(self) -> None:
        """No more frames come: `events` ends when what was said is understood."""
        ended = self._activity.pass_time(self._heard_until_ms + self._wish.longest_ms)
        if ended is not None:
            self._waiting.put_nowait(ended)
        self._waiting.put_nowait(None)

    async def events(self) -> AsyncIterator[Heard]:
        """Until `finish`. Raises Unavailable where the recognizer fails."""
        while (change := await self._next()) is not None:
            if isinstance(change, SpeechBegan):
                yield Began(change.at_ms)
                async for event in self._recognise(change):
                    yield event

    async def _recognise(self, began: SpeechBegan) -> AsyncIterator[Heard]:
        utterance = await self._recognizer.begin(self._wish)
        try:
            shown = ""
            audio: bytes = began.before
            ended: SpeechEnded | None = None
            while True:
                text = await utterance.hear(audio)
                if text and text != shown:
                    shown = text
                    yield Understood(text)
                if ended is not None:
                    break
                audio, ended = await self._more()
            result = await utterance.end()
        finally:
            await utterance.close()
        yield Said(result.text, result.confidence, began.at_ms, ended.at_ms)

    async def _more(self) -> tuple[bytes, SpeechEnded | None]:
        """All the audio that waits, and the end where it has come; a party that falls silent altogether has ended."""
        audio = bytearray()
        while True:
            try:
                async with asyncio.timeout(None if audio else self._wish.silence_ms / 1000):
                    change = await self._next()
            except TimeoutError:
                return b"", self._silent()
            if isinstance(change, bytes):
                audio += change
            elif isinstance(change, SpeechEnded):
                return bytes(audio), change
            if self._waiting.empty():
                return bytes(audio), None

    async def _next(self) -> SpeechBegan | SpeechEnded | bytes | None:
        change = await self._waiting.get()
        self._waiting.task_done()
        return change

    def _silent(self) -> SpeechEnded | None:
        return self._activity.pass_time(self._heard_until_ms + self._wish.silence_ms)
