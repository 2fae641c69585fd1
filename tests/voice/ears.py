"""Listening to a phone's call while it goes on."""

import asyncio
from collections.abc import Sequence

from dialplane.audio.g711 import decode_ulaw
from dialplane.audio.listening import sounding_frames
from dialplane.phone.softphone import PhoneCall
from dialplane.voice.ports import MediaLeg
from tests.media.sounds import strength

LOUD = 3_000
"""The least strength of a tone that is heard."""


async def until_sound(call: PhoneCall, *, frames: int = 15) -> None:
    """Wait until so many frames of 20 ms were louder than silence."""
    loud = 0
    enough = asyncio.Event()

    def take(track: str, at_ms: int, frame: bytes) -> None:
        nonlocal loud
        loud += sum(sounding_frames(decode_ulaw(frame)))
        if loud >= frames:
            enough.set()

    tap = call.media.tap(take)
    try:
        await enough.wait()
    finally:
        tap.close()


async def tones_at(media: MediaLeg, tones: Sequence[int]) -> list[int]:
    """Those that arrive at a phone's leg, over 300 ms after what is on its way."""
    frames: list[bytes] = []
    enough = asyncio.Event()

    def take(track: str, at_ms: int, frame: bytes) -> None:
        frames.append(frame)
        if len(frames) == 25:
            enough.set()

    tap = media.tap(take)
    await enough.wait()
    tap.close()
    samples = decode_ulaw(b"".join(frames[10:25]))
    return [each for each in tones if strength(samples, each) > LOUD]
