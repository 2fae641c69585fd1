"""Listening to a phone's call while it goes on."""

import asyncio

from dialplane.audio.g711 import decode_ulaw
from dialplane.audio.listening import sounding_frames
from dialplane.phone.softphone import PhoneCall


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
