"""Two legs joined until one is over, or somebody ends the talk; a transfer may put another in the callee's place."""

import asyncio
from dataclasses import replace

import structlog

from dialplane.domain.calling.calls import Direction
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import Talk
from dialplane.voice.waiting import first_of

log = structlog.get_logger()


async def talk(master: Leg, callee: Leg, *, limit_s: float | None = None) -> float:
    """Join the two; see `keep_talking`. What the callee hears is stopped. Both have audio."""
    assert callee.media is not None
    callee.media.stop_playing()
    return await keep_talking(Talk(master, callee), limit_s=limit_s)


async def keep_talking(joined: Talk, *, limit_s: float | None = None) -> float:
    """Join the two and whoever a transfer puts into the callee's place, and part them at the end; gives the seconds.

    Whom a transfer put there is hung up, being nobody else's; the first callee is for the caller of this to hang up.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    callee = joined.callee
    try:
        async with asyncio.timeout(limit_s):
            await _to_the_end(joined)
    except TimeoutError:
        log.info("talk_reached_its_limit", call_id=str(joined.master.call.id), seconds=limit_s)
    finally:
        _part(joined)
        if joined.callee is not callee:
            joined.callee.hang_up()
    return loop.time() - began


async def _to_the_end(joined: Talk) -> None:
    while True:
        _join(joined)
        await first_of(
            _end_of_callee(joined), joined.master.ended.wait(), joined.over.wait(), joined.handed_over.wait()
        )
        if not joined.handed_over.is_set():
            return
        joined.handed_over.clear()


def _join(joined: Talk) -> None:
    master, callee = joined.master, joined.callee
    master.partner, callee.partner = callee, master
    master.talk = callee.talk = joined
    if master.call.details.status is not None and callee.call.direction is Direction.OUTGOING:
        master.update(extras=replace(master.call.details, outbound_call_id=callee.call.id))
    if master.media is not None:
        master.media.stop_playing()
        master.media.bridge(callee.media)


def _part(joined: Talk) -> None:
    for leg in (joined.master, joined.callee):
        leg.partner = leg.talk = None
    if joined.master.media is not None:
        joined.master.media.bridge(None)


async def _end_of_callee(joined: Talk) -> None:
    """Its end is the talk's, unless a transfer has taken the two apart."""
    await joined.callee.ended.wait()
    if joined.is_parked:
        await joined.over.wait()
