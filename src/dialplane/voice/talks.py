"""Two legs joined until one of them is over, or somebody ends the talk."""

import asyncio

from dialplane.voice.leg import Leg, Talk


async def talk(master: Leg, callee: Leg, *, limit_s: float | None = None) -> float:
    """Join the two, and part them at the end; gives the seconds. Both have audio; nobody is hung up here."""
    assert master.media is not None
    assert callee.media is not None
    loop = asyncio.get_running_loop()
    began = loop.time()
    joined = master.talk = callee.talk = Talk(master, callee)
    master.partner, callee.partner = callee, master
    for media in (master.media, callee.media):
        media.stop_playing()
    master.media.bridge(callee.media)
    over = [asyncio.ensure_future(event.wait()) for event in (master.ended, callee.ended, joined.over)]
    try:
        await asyncio.wait(over, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in over:
            each.cancel()
        master.partner = callee.partner = None
        master.talk = callee.talk = None
        if not master.is_ended:
            master.media.bridge(None)
        elif not callee.is_ended:
            callee.media.bridge(None)
    return loop.time() - began
