"""The audio of a call or a room to and from another program, whatever carries it: taps on one side, a link on the
other."""

import asyncio
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog

from dialplane.domain.errors import Invalid
from dialplane.streams.encapsulation import Encapsulation, PeerEndedError
from dialplane.streams.two_tracks import TwoTracks
from dialplane.voice.moment import Happening
from dialplane.voice.ports import AudioTrack, MediaLeg
from dialplane.voice.streaming.outbox import Outbox

Directions = Literal["", "both", "in", "out"]
LAST_WORDS_S = 0.5

log = structlog.get_logger()


class Link(Protocol):
    """What carries messages: a datagram socket, a connection, a websocket."""

    async def send(self, message: bytes) -> None:
        """Waits while the other side does not read. Raises OSError where it is gone."""
        ...

    async def receive(self) -> bytes | None:
        """What came next; None where the other side has closed. Raises OSError where it is lost."""
        ...

    async def close(self) -> None: ...


class Party(Protocol):
    """Whose audio it is: a leg, or a line into a room."""

    @property
    def ended(self) -> Happening: ...
    @property
    def media(self) -> MediaLeg | None: ...
    @property
    def partner(self) -> "Party | None":
        """Whom it talks with."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Seen from the party: `in` is what comes from it, `out` what goes to it."""

    listen: Directions
    """What the program hears."""
    speak: Directions
    """Where its words go: to the party (`out`), to whoever the party talks with (`in`), or both."""


class AudioPipe:
    """Carries audio until the other side closes, the party is gone, or `end` is called."""

    def __init__(self, party: Party, media: MediaLeg, encapsulation: Encapsulation, wanted: Wanted) -> None:
        self._party = party
        self._media = media
        self._encapsulation = encapsulation
        self._wanted = wanted
        self._both = TwoTracks()
        self._outbox = Outbox()
        self._asked_to_end = asyncio.Event()

    def end(self) -> None:
        """Safe at any time, any number of times."""
        self._asked_to_end.set()

    async def run(self, link: Link) -> None:
        """Returns when it is over, whatever ended it; the link is closed then."""
        listen = self._wanted.listen
        tap = self._media.tap(self._hear, heard=listen in ("in", "both"), sent=listen in ("out", "both"))
        sending = asyncio.create_task(self._send(link))
        waits: list[asyncio.Task[object]] = [
            sending,
            asyncio.create_task(self._read(link)),
            asyncio.create_task(self._party.ended.wait()),
            asyncio.create_task(self._asked_to_end.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tap.close()
            self._outbox.close()
            await asyncio.wait([sending], timeout=LAST_WORDS_S)
            for task in waits:
                task.cancel()
            for end in await asyncio.gather(*waits, return_exceptions=True):
                if isinstance(end, OSError):
                    log.info("audio_link_lost", leg_id=self._media.leg_id, fault=type(end).__name__)
            await link.close()

    def _hear(self, track: AudioTrack, at_ms: int, frame: bytes) -> None:
        frames = self._both.put(track, at_ms, frame) if self._wanted.listen == "both" else [(at_ms, frame)]
        for when, ulaw in frames:
            self._outbox.put_audio(self._encapsulation.wrap(ulaw, when))

    async def _send(self, link: Link) -> None:
        while (message := await self._outbox.take()) is not None:
            await link.send(message)

    async def _read(self, link: Link) -> None:
        while (data := await link.receive()) is not None:
            try:
                for ulaw in self._encapsulation.unwrap(data):
                    self._speak(ulaw)
            except PeerEndedError:
                return

    def _speak(self, ulaw: bytes) -> None:
        try:
            if self._wanted.speak in ("out", "both"):
                self._media.feed(ulaw)
            partner = self._party.partner
            if self._wanted.speak in ("in", "both") and partner is not None and partner.media is not None:
                partner.media.feed(ulaw)
        except Invalid:  # ten minutes wait already: nobody will hear this one
            return
