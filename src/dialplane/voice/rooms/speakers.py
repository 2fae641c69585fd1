"""Who speaks in a conference, for those who asked to be told of it: each participant is listened to while it is in."""

import asyncio
from collections.abc import Callable

from dialplane.audio.voice_activity import SpeechBegan, SpeechEnded, VoiceActivity
from dialplane.voice.ports import AudioTap, AudioTrack, MediaLeg

SILENCE_MS = 1_000
"""A pause that ends somebody's turn."""
_CHECK_S = 0.25
"""A phone may send nothing while nobody speaks into it: the end of speech is looked for at this pace too."""


class Speaker:
    """Listens to one leg until closed."""

    def __init__(self, media: MediaLeg, on_change: Callable[[bool], None]) -> None:
        """`on_change` is told True when speech begins and False when it has ended."""
        self._activity = VoiceActivity(silence_ms=SILENCE_MS)
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._tap: AudioTap = media.tap(self._hear)
        self._timer = self._loop.call_later(_CHECK_S, self._check)

    def close(self) -> None:
        """Safe to call twice."""
        self._tap.close()
        self._timer.cancel()

    def _hear(self, track: AudioTrack, at_ms: int, frame: bytes) -> None:
        self._tell(self._activity.hear(at_ms, frame))

    def _check(self) -> None:
        if self._activity.is_speaking:
            self._tell(self._activity.pass_time(int((self._loop.time() - self._began) * 1000)))
        self._timer = self._loop.call_later(_CHECK_S, self._check)

    def _tell(self, change: SpeechBegan | SpeechEnded | None) -> None:
        if change is not None:
            self._on_change(isinstance(change, SpeechBegan))
