"""One stream of one call over a websocket that is open, by Twilio's protocol, from `connected` to `stop`."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from dialplane.domain.errors import Invalid
from dialplane.streams.media_streams import Audio, Clear, Mark, StreamWriter, read_message
from dialplane.voice.leg import Leg
from dialplane.voice.ports import AudioTrack, MediaLeg
from dialplane.voice.streaming.outbox import Outbox
from dialplane.voice.streaming.sockets import MessageSocket

MOST_MARKS = 1_000
LAST_WORDS_S = 2.0
"""How long an application may take to read what waits when the stream is over."""

log = structlog.get_logger()


class AudioStream:
    """Carries audio until the application closes, the call ends, or `end` is called."""

    def __init__(self, leg: Leg, media: MediaLeg, writer: StreamWriter, *, two_way: bool) -> None:
        self._leg = leg
        self._media = media
        self._writer = writer
        self._two_way = two_way
        self._outbox = Outbox()
        self._asked_to_end = asyncio.Event()
        self._marks: set[asyncio.Task[None]] = set()
        self._not_played = 0

    def end(self) -> None:
        """Safe at any time, any number of times."""
        self._asked_to_end.set()

    async def run(self, socket: MessageSocket) -> None:
        """Returns when it is over. Raises ConnectionError where the application is lost before."""
        self._outbox.put(self._writer.connected())
        self._outbox.put(self._writer.start())
        tracks = self._writer.tracks
        tap = self._media.tap(self._hear, heard="inbound" in tracks, sent="outbound" in tracks)
        if self._two_way:
            self._leg.on_key = self._take_key
        sending = asyncio.create_task(self._send(socket))
        try:
            await self._until_over(self._read(socket), sending)
            self._outbox.put(self._writer.stop())
        finally:
            tap.close()
            if self._two_way:
                self._leg.on_key = None
                self._media.clear_feed()
            await self._part(socket, sending)
            log.info(
                "stream_ended",
                call_id=str(self._leg.call.id),
                stream=self._writer.stream_sid,
                frames_dropped=self._outbox.dropped,
                messages_not_played=self._not_played,
            )

    async def _until_over(self, reading: Coroutine[Any, Any, None], sending: "asyncio.Task[None]") -> None:
        """Wait for the first of all ends. Raises ConnectionError where it was the application's loss."""
        waits: list[asyncio.Task[Any]] = [
            asyncio.create_task(reading),
            asyncio.create_task(self._leg.ended.wait()),
            asyncio.create_task(self._asked_to_end.wait()),
        ]
        try:
            done, _ = await asyncio.wait([*waits, sending], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _part(self, socket: MessageSocket, sending: "asyncio.Task[None]") -> None:
        """Let the last words go out, as far as the application reads them, and close."""
        self._outbox.close()
        await asyncio.wait([sending], timeout=LAST_WORDS_S)
        for task in (sending, *self._marks):
            task.cancel()
        await asyncio.gather(sending, *self._marks, return_exceptions=True)
        await socket.close()

    # --- to the application ---

    def _hear(self, track: AudioTrack, at_ms: int, frame: bytes) -> None:
        self._outbox.put_audio(self._writer.media(track, at_ms, frame))

    def _take_key(self, digit: str) -> bool:
        self._outbox.put(self._writer.dtmf(digit))
        return True

    async def _send(self, socket: MessageSocket) -> None:
        while (message := await self._outbox.take()) is not None:
            await socket.send(message)

    # --- from the application ---

    async def _read(self, socket: MessageSocket) -> None:
        """A one-way stream listens too: only so does it learn that the application has gone."""
        while (text := await socket.receive()) is not None:
            if not self._two_way:
                continue
            match read_message(text):
                case Audio(ulaw):
                    self._feed(ulaw)
                case Mark(name):
                    await self._expect(name)
                case Clear():
                    self._media.clear_feed()
                case None:
                    pass

    def _feed(self, ulaw: bytes) -> None:
        try:
            self._media.feed(ulaw)
        except Invalid:  # more waits already than anybody will listen to
            self._not_played += 1

    async def _expect(self, name: str) -> None:
        if len(self._marks) == MOST_MARKS:
            return
        task = asyncio.create_task(self._return_mark(name))
        self._marks.add(task)
        task.add_done_callback(self._marks.discard)
        await asyncio.sleep(0)  # the mark takes its place in the feed before the next message is looked at

    async def _return_mark(self, name: str) -> None:
        await self._media.feed_mark()
        self._outbox.put(self._writer.mark(name))
