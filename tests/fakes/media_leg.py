"""The audio of a leg without a media process: what is fed plays when the test says so."""

import asyncio
from collections.abc import Callable
from typing import cast

from dialplane.domain.calling.media import MediaCounters
from dialplane.domain.errors import Invalid
from dialplane.voice.ports import AudioTrack, Media, MediaLeg
from tests.effort import PATIENCE_S

LONGEST_FEED = 600 * 8_000
OnAudio = Callable[[AudioTrack, int, bytes], None]


class FakeMediaLeg:
    """Obeys the part of `voice.ports.MediaLeg` that streams use."""

    def __init__(self) -> None:
        self.leg_id, self.host, self.port = 1, "127.0.0.1", 40_000
        self.on_digit: Callable[[str], None] | None = None
        self.on_silence: Callable[[], None] | None = None
        self.fed = bytearray()
        """What was fed and not yet played or cleared."""
        self.played = bytearray()
        self.changed = asyncio.Event()
        self._taps: list[_Tap] = []
        self._marks: list[tuple[int, asyncio.Future[None]]] = []

    def as_media(self) -> Media:
        """A media process whose only leg this is."""
        return cast("Media", self)

    async def open(self) -> MediaLeg:
        return cast("MediaLeg", self)

    def tap(self, on_audio: OnAudio, *, heard: bool = True, sent: bool = False) -> "_Tap":
        tap = _Tap(on_audio, heard, sent, self._untap)
        self._taps.append(tap)
        self.changed.set()
        return tap

    def _untap(self, tap: "_Tap") -> None:
        self._taps.remove(tap)
        self.changed.set()

    def hear(self, frame: bytes, *, sent: bool = False) -> None:
        """A frame from the party, or to it."""
        for tap in self._taps:
            if tap.sent if sent else tap.heard:
                tap.on_audio("outbound" if sent else "inbound", tap.next_ms(), frame)

    def hear_both(self, heard: bytes, sent: bytes) -> None:
        """Frames of the same moment in both directions."""
        for tap in self._taps:
            at_ms = tap.next_ms()
            tap.on_audio("inbound", at_ms, heard)
            tap.on_audio("outbound", at_ms, sent)

    @property
    def taps(self) -> int:
        return len(self._taps)

    def feed(self, audio: bytes) -> None:
        if len(self.fed) + len(audio) > LONGEST_FEED:
            raise Invalid("more than ten minutes wait to be played", field="audio")
        self.fed += audio
        self.changed.set()

    async def feed_mark(self) -> None:
        if self.fed:
            played: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._marks.append((len(self.fed), played))
            self.changed.set()
            await played

    def clear_feed(self) -> None:
        self.play(len(self.fed), heard=False)

    def play(self, octets: int, *, heard: bool = True) -> None:
        """Let the party hear the next octets of what was fed."""
        if heard:
            self.played += self.fed[:octets]
        del self.fed[:octets]
        left = [(at - octets, played) for at, played in self._marks]
        self._marks = [(at, played) for at, played in left if at > 0]
        for at, played in left:
            if at <= 0 and not played.done():
                played.set_result(None)
        self.changed.set()

    async def wait_fed(self, octets: int) -> None:
        await self._wait(lambda: len(self.fed) >= octets)

    async def wait_taps(self, count: int) -> None:
        await self._wait(lambda: len(self._taps) == count)

    async def wait_marked(self) -> None:
        await self._wait(lambda: bool(self._marks))

    async def _wait(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not happened():
                self.changed.clear()
                await self.changed.wait()

    async def close(self) -> MediaCounters:
        return MediaCounters()

    def release(self) -> None: ...


class _Tap:
    def __init__(self, on_audio: OnAudio, heard: bool, sent: bool, remove: "Callable[[_Tap], None]") -> None:
        self.on_audio, self.heard, self.sent = on_audio, heard, sent
        self._remove = remove
        self._ms = -20
        self._is_open = True

    def next_ms(self) -> int:
        self._ms += 20
        return self._ms

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._remove(self)
