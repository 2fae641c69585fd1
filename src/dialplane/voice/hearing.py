"""Speech as input of a `Gather`: the party may speak, press keys, or either, and what comes first counts.

Its first word or key stops the prompts. Digits by themselves are `voice/digits.py`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

import structlog

from dialplane.domain.errors import Refusal
from dialplane.domain.programs.commands import Command, Digits, Gather, Heard, Play, Result, Say, SendWebhook, Sleep
from dialplane.domain.programs.recognition import Missed, SpeechWish
from dialplane.services.recording.recognition import Began, Listener, RecognitionWish, Recognizer, Said, Understood
from dialplane.voice.digits import beginnings
from dialplane.voice.leg import Leg
from dialplane.voice.ports import MediaLeg, Prompt, Prompts

log = structlog.get_logger()

Tell = Callable[[Command], Coroutine[Any, Any, Result]]
"""Carries out a command beside the program: a partial result on its way to the tenant's server."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Carries out each `Gather` that takes speech."""

    recognizer: Recognizer
    prompts: Prompts

    async def gather(self, leg: Leg, wanted: Gather, tell: Tell) -> Digits | Heard:
        """What was keyed in or said; `Digits` of nothing where neither came in time.

        Answers the call. Raises Invalid where the language is not recognised, Unavailable where nothing recognises.
        """
        assert wanted.speech is not None
        listener = Listener(self.recognizer, _wish(wanted.speech))
        await leg.answer()
        media = await leg.media_ready()
        tap = media.tap(lambda _track, at_ms, frame: listener.hear(at_ms, frame))
        try:
            return await _Gathering(leg, media, wanted, wanted.speech, listener, tell).run(self.prompts)
        finally:
            tap.close()


def _wish(speech: SpeechWish) -> RecognitionWish:
    return RecognitionWish(
        language=speech.language,
        hints=speech.hints,
        silence_ms=speech.silence_ms,
        longest_ms=speech.longest_ms,
        interim=speech.partial is not None,
    )


class _Gathering:
    """One `Gather` on its way. Three things go on side by side: prompts, keys and speech."""

    def __init__(
        self, leg: Leg, media: MediaLeg, wanted: Gather, speech: SpeechWish, listener: Listener, tell: Tell
    ) -> None:
        self._leg = leg
        self._media = media
        self._wanted = wanted
        self._speech = speech
        self._listener = listener
        self._tell = tell
        self._input = asyncio.Event()
        """The party has begun: prompts stop."""
        self._is_speaking = False
        self._partials: list[str] = []
        self._missed: list[Missed] = []

    async def run(self, prompts: Prompts) -> Digits | Heard:
        listening = asyncio.ensure_future(self._listen())
        keying = asyncio.ensure_future(self._wait_for_key()) if self._wanted.digits else None
        try:
            await self._say_until_input(prompts, listening)
            return replace(await self._first(listening, keying), missed=tuple(self._missed))
        finally:
            for task in (listening, keying):
                if task is not None:
                    task.cancel()

    async def _first(self, listening: "asyncio.Future[Heard]", keying: "asyncio.Future[None] | None") -> Digits | Heard:
        """Speech that has begun is heard to its end, however long ago the time began."""
        deadline = asyncio.get_running_loop().time() + self._wanted.timeout_ms / 1000
        waiting: set[asyncio.Future[Any]] = {task for task in (listening, keying) if task is not None}
        while not listening.done() and not (keying is not None and keying.done()):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0 and not self._is_speaking:
                return Digits("", "timeout")
            await asyncio.wait(waiting, timeout=max(left, 0.1), return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            return listening.result()
        return await self._leg.digits.gather(replace(self._wanted, prompts=()))

    async def _listen(self) -> Heard:
        """The first utterance in which anything was understood."""
        async for event in self._listener.events():
            match event:
                case Began():
                    self._is_speaking = True
                    self._input.set()
                case Understood(text):
                    self._tell_partial(text)
                case Said(text, confidence):
                    self._is_speaking = False
                    if text:
                        return Heard(text, confidence)
        raise AssertionError("a tap has no end of its own")

    def _tell_partial(self, text: str) -> None:
        partial = self._speech.partial
        if partial is None:
            return
        form = (
            ("UnstableSpeechResult", text),
            ("SequenceNumber", str(len(self._partials))),
            ("StableSpeechResult", ""),
            ("Stability", f"{_stability(self._partials[-1] if self._partials else '', text):.2f}"),
            *partial.parameters,
        )
        self._partials.append(text)
        self._leg.keep(self._tell(SendWebhook(partial.url, partial.method, form=form, signed=True)))

    async def _wait_for_key(self) -> None:
        await self._leg.digits.begun(beginnings(self._wanted))
        self._input.set()

    async def _say_until_input(self, prompts: Prompts, listening: "asyncio.Future[Heard]") -> None:
        """Play the prompts until they are over or the party begins; a recognizer that fails ends them too."""
        if not self._wanted.prompts or (self._wanted.barge_in and self._input.is_set()):
            return
        saying = asyncio.ensure_future(self._say(prompts))
        begun = asyncio.ensure_future(self._input.wait())
        try:
            ends = (saying, begun, listening) if self._wanted.barge_in else (saying,)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            begun.cancel()
            if not saying.done():
                saying.cancel()
                self._media.stop_playing()

    async def _say(self, prompts: Prompts) -> None:
        for prompt in self._wanted.prompts:
            try:
                await self._play(prompts, prompt)
            except Refusal as refusal:  # one that cannot be had is passed over
                log.info("prompt_failed", call_id=str(self._leg.call.id), reason=refusal.message)
                self._missed.append(Missed("Play" if isinstance(prompt, Play) else "Say", refusal.message))

    async def _play(self, prompts: Prompts, prompt: Say | Play | Sleep) -> None:
        if isinstance(prompt, Sleep):
            await asyncio.sleep(prompt.duration_ms / 1000)
            return
        files = await _made(prompts, prompt)
        if prompt.loop == 0:
            await self._media.play(files, loop=True)
        for _ in range(prompt.loop):
            await self._media.play(files)


def _stability(before: str, now: str) -> float:
    """How much of a partial result the last one had already: the share of its words, from the first on."""
    words = now.split()
    kept = takewhile(lambda pair: pair[0] == pair[1], zip(before.split(), words, strict=False))
    return sum(1 for _ in kept) / len(words) if words else 0.0


async def _made(prompts: Prompts, prompt: Say | Play) -> list[Prompt]:
    if isinstance(prompt, Play):
        return [await prompts.fetch(url) for url in prompt.urls]
    speech = await prompts.say(
        prompt.text,
        language=prompt.language,
        gender=prompt.gender,
        voice_id=prompt.voice_id,
        provider=prompt.provider,
    )
    return [speech]
