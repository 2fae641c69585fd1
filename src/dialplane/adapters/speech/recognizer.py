"""`SpeechRecognizer` fulfils `services.recording.recognition.Recognizer`: offline, or by a cloud where configured.

The offline one is pocketsphinx with the English model of its wheel, in helper processes that are started when they are
first needed. An utterance has a helper of its own while it lasts; others wait for their turn.
"""

import asyncio
from collections.abc import Mapping

import structlog

from dialplane.adapters.speech.helper_process import HelperFailedError, HelperProcess
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.speech.providers import CLOUD_PROVIDERS, PROVIDERS, is_heard_offline
from dialplane.services.recording.recognition import Recognised, RecognitionWish, Recognizer, Utterance

HELPERS = 2
"""Processes at most, 150 MB each: free speech takes up to two thirds of real time, hinted words next to none."""
_HELPER_MODULE = "dialplane.adapters.speech.sphinx_helper"

log = structlog.get_logger()


class SpeechRecognizer:
    """Sends each utterance to the recognizer that its provider names."""

    def __init__(
        self, clouds: Mapping[str, Recognizer] | None = None, *, default: str = "", falls_back: bool = True
    ) -> None:
        """`clouds` by provider name. `default` is who takes what names no provider; "" is the offline one.

        With `falls_back`, a cloud that is not configured is stood in for by the offline recognizer.
        """
        self._clouds = clouds or {}
        self._default = default
        self._falls_back = falls_back
        self._offline = OfflineRecognizer()

    def check(self, language: str, provider: str) -> None:
        self._chosen(provider).check(language, provider)

    async def begin(self, wish: RecognitionWish) -> Utterance:
        return await self._chosen(wish.provider).begin(wish)

    async def close(self) -> None:
        await self._offline.close()

    def _chosen(self, provider: str) -> Recognizer:
        name = provider or self._default
        if name not in PROVIDERS:
            raise Invalid(f"provider must be one of embedded, gcp, aws, not {name!r}", field="provider")
        if name in self._clouds:
            return self._clouds[name]
        if name in CLOUD_PROVIDERS and not self._falls_back:
            raise Invalid(f"the provider {name} is not configured for recognition on this server", field="provider")
        return self._offline


class OfflineRecognizer:
    """pocketsphinx in a few helper processes."""

    def __init__(self, helpers: int = HELPERS) -> None:
        self._turns = asyncio.Semaphore(helpers)
        self._idle: list[HelperProcess] = []

    def check(self, language: str, provider: str) -> None:
        if not is_heard_offline(language):
            raise Invalid(
                f"speech in {language!r} is not recognised here: the offline recognizer knows English, "
                "other languages need a cloud provider",
                field="language",
            )

    async def begin(self, wish: RecognitionWish) -> Utterance:
        self.check(wish.language, wish.provider)
        await self._turns.acquire()
        try:
            return OfflineUtterance(self, await self._begun(wish))
        except BaseException:  # cancelled, or no helper: the turn is another's
            self._turns.release()
            raise

    async def close(self) -> None:
        """End the helpers that are idle; those at work end with their utterance."""
        while self._idle:
            await self._idle.pop().end()

    async def _begun(self, wish: RecognitionWish) -> HelperProcess:
        for attempt in (1, 2):  # a helper that died while it was idle is noticed only by talking to it
            helper = self._idle.pop() if self._idle else await HelperProcess.start(_HELPER_MODULE)
            try:
                await helper.ask({"do": "begin", "hints": list(wish.hints), "interim": wish.interim})
            except HelperFailedError as fault:
                log.warning("recognition_helper_failed", attempt=attempt, error=str(fault))
            else:
                return helper
        raise Unavailable("speech recognition does not work")

    def take_back(self, helper: HelperProcess) -> None:
        if helper.is_alive:
            self._idle.append(helper)
        self._turns.release()


class OfflineUtterance:
    """Fulfils `Utterance`."""

    def __init__(self, owner: OfflineRecognizer, helper: HelperProcess) -> None:
        self._owner = owner
        self._helper: HelperProcess | None = helper

    async def hear(self, audio: bytes) -> str:
        return str((await self._ask({"do": "hear", "octets": len(audio)}, audio)).get("text", ""))

    async def end(self) -> Recognised:
        answer = await self._ask({"do": "end"})
        confidence = answer.get("confidence", 0.0)
        return Recognised(str(answer.get("text", "")), confidence if isinstance(confidence, float) else 0.0)

    async def close(self) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            self._owner.take_back(helper)

    async def _ask(self, request: Mapping[str, object], audio: bytes = b"") -> Mapping[str, object]:
        if self._helper is None:
            raise Unavailable("the utterance is over")
        try:
            return await self._helper.ask(request, audio)
        except HelperFailedError as fault:
            raise Unavailable("speech recognition does not work") from fault
