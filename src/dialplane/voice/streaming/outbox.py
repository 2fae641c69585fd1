"""What waits to be sent to an application that may read slowly, or not at all."""

import asyncio
from collections import deque

MOST_AUDIO = 250
"""Frames: five seconds. Whoever is further behind wants to hear what is said now."""
MOST_WORDS = 1_000
"""Marks and digits that nobody reads."""


class Outbox:
    """Bounded: the oldest audio goes for the newest, and is counted; other messages stay in their place."""

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: deque[tuple[bool, bytes]] = deque()
        self._audio = 0
        self._filled = asyncio.Event()
        self._is_closed = False

    def put_audio(self, message: bytes) -> None:
        if self._audio == MOST_AUDIO:
            del self._waiting[next(at for at, (is_audio, _) in enumerate(self._waiting) if is_audio)]
            self._audio -= 1
            self.dropped += 1
        self._put(True, message)
        self._audio += 1

    def put(self, message: bytes) -> None:
        if len(self._waiting) - self._audio == MOST_WORDS:
            self.dropped += 1
            return
        self._put(False, message)

    def close(self) -> None:
        """Nothing more comes; what waits can still be taken."""
        self._is_closed = True
        self._filled.set()

    async def take(self) -> bytes | None:
        """The next message when there is one; None when closed and empty."""
        while not self._waiting:
            if self._is_closed:
                return None
            self._filled.clear()
            await self._filled.wait()
        is_audio, message = self._waiting.popleft()
        self._audio -= is_audio
        return message

    def _put(self, is_audio: bool, message: bytes) -> None:
        if not self._is_closed:
            self._waiting.append((is_audio, message))
            self._filled.set()
