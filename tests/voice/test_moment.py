"""What happens once in a call's life, and timers that many share."""

import asyncio

from dialplane.voice.moment import Moment
from dialplane.voice.useragent.same_delay import SameDelay


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


async def test_items_of_one_delay_come_in_order_and_each_once() -> None:
    loop, told, all_told = asyncio.get_running_loop(), list[tuple[int, float]](), asyncio.Event()

    def tell(number: int) -> None:
        told.append((number, loop.time()))
        if number == 3:
            all_told.set()

    delayed, began = SameDelay(loop, 0.02, tell), loop.time()
    delayed.put(1)
    delayed.put(2)
    delayed.put(3)
    await all_told.wait()
    assert [number for number, _ in told] == [1, 2, 3]
    assert all(at - began >= 0.02 for _, at in told)
