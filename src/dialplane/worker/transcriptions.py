"""Transcribing recordings: the worker takes the next, reads its sound as a call would bring it, and writes down what is
said."""

import asyncio
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import structlog

from dialplane.audio.g711 import FRAME_SAMPLES, RATE_HZ, encode_ulaw
from dialplane.domain.errors import Refusal, Unavailable
from dialplane.domain.programs.recognition import Hearing
from dialplane.domain.recording.recordings import Recording
from dialplane.domain.recording.transcriptions import Transcription
from dialplane.services.recording import transcription_life as life
from dialplane.services.recording.recognition import Listener, RecognitionWish, Recognizer, Said
from dialplane.services.recording.recordings import Sounds
from dialplane.services.transaction import Database

SILENCE_MS = 700
_FRAMES_AHEAD = 250
"""Five seconds: so much of a recording is in memory at a time."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RecordingTranscriptions:
    """A duty of the worker."""

    database: Database
    recognizer: Recognizer
    sounds: Sounds
    public_url: str
    now: Callable[[], datetime]
    follow: Callable[[Transcription], Awaitable[None]]

    async def step(self) -> bool:
        """Make the next one; whether there was one."""
        claimed = await life.claim_transcription(self.database, self.now())
        if claimed is None:
            return False
        transcription, recording = claimed
        error, duration_ms = "", 0
        try:
            duration_ms = await self._transcribe(transcription, recording)
        except Unavailable as fault:
            log.warning("transcription_failed", transcription_id=str(transcription.id), reason=fault.message)
            error = fault.message
        except Refusal as refusal:
            error = refusal.message
        ended = await life.end_transcription(
            self.database,
            transcription,
            self.now(),
            error=error,
            duration_ms=duration_ms,
            public_url=self.public_url,
        )
        await self.follow(ended)
        return True

    async def _transcribe(self, transcription: Transcription, recording: Recording | None) -> int:
        """How long it is. Raises Refusal."""
        path = None if recording is None else await self.sounds.sound(recording.path, "wav")
        if recording is None or path is None:
            raise Unavailable("the sound of the recording is not there")
        duration_ms = 0
        for channel, side in _channels(recording, transcription.direction):
            wish = RecognitionWish(transcription.language, provider=transcription.provider, silence_ms=SILENCE_MS)
            listener = Listener(self.recognizer, wish)
            reading = asyncio.ensure_future(_read(path, channel, recording.channels, listener))
            try:
                async for said in _utterances(listener):
                    if not await life.write_transcript(self.database, transcription, side, said, self.now()):
                        return duration_ms
                await reading
            except (OSError, EOFError, wave.Error) as fault:
                raise Unavailable("the sound of the recording cannot be read") from fault
            finally:
                reading.cancel()
            duration_ms = listener.heard_ms
        return duration_ms


def _channels(recording: Recording, wanted: Hearing) -> Iterator[tuple[int, Hearing]]:
    """Which channels are listened to, and whose they are: one that mixes both sides cannot tell them apart."""
    if recording.channels == 2:
        sides: tuple[tuple[int, Hearing], ...] = ((0, "in"), (1, "out"))
        yield from ((channel, side) for channel, side in sides if wanted in (side, "both"))
    else:
        yield 0, {"inbound": "in", "outbound": "out"}.get(recording.track, "both")  # type: ignore[misc]  # of Hearing


async def _utterances(listener: Listener) -> AsyncIterator[Said]:
    async for event in listener.events():
        if isinstance(event, Said) and event.text:
            yield event


async def _read(path: Path, channel: int, channels: int, listener: Listener) -> None:
    """Give the sound to the listener, no faster than it takes it."""
    try:
        await _read_frames(path, channel, channels, listener)
    finally:
        listener.finish()


async def _read_frames(path: Path, channel: int, channels: int, listener: Listener) -> None:
    at_ms = 0
    with wave.open(str(path)) as file:
        while octets := await asyncio.to_thread(file.readframes, _FRAMES_AHEAD * FRAME_SAMPLES):
            sound = encode_ulaw(np.frombuffer(octets, dtype="<i2")[channel::channels].astype(np.int16))
            for place in range(0, len(sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
                listener.hear(at_ms, sound[place : place + FRAME_SAMPLES])
                at_ms += FRAME_SAMPLES * 1000 // RATE_HZ
            await listener.caught_up()
