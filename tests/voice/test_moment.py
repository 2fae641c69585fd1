"""What happens once in a call's life."""

import asyncio

from dialplane.voice.moment import Moment


async def test_moment_wakes_everybody_who_waits_and_nobody_who_gave_up() -> None:
    moment = Moment()
    waiting = [asyncio.create_task(moment.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    await asyncio.gather(waiting[1], return_exceptions=True)
    moment.set()
    await asyncio.gather(waiting[0], waiting[2])
    assert waiting[1].cancelled()


async def test_moment_that_has_come_is_waited_for_by_nobody() -> None:
    moment = Moment()
    assert not moment.is_set()
    moment.set()
    moment.set()
    assert moment.is_set()
    await moment.wait()


async def test_waiter_that_is_cancelled_as_the_moment_comes_ends_quietly() -> None:
    moment = Moment()
    waiting = asyncio.create_task(moment.wait())
    await asyncio.sleep(0)
    moment.set()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.done()
