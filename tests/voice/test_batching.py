"""Work that waits for a batch gets an end whatever happens to the batch."""

import asyncio
from collections.abc import Sequence

import pytest

from dialplane.domain.errors import Unavailable
from dialplane.voice.batching import Batcher, Dense
from tests.fakes.jumping_clock import run_jumping


async def test_who_still_waits_when_the_batcher_is_stopped_learns_it() -> None:
    carrying = asyncio.Event()

    async def carry(_: Sequence[int]) -> Sequence[int]:
        carrying.set()
        await asyncio.Event().wait()
        raise AssertionError("never")

    batcher: Batcher[int, int] = Batcher(carry)
    loop = asyncio.create_task(batcher.run())
    in_batch = asyncio.create_task(batcher.submit(1))
    await carrying.wait()
    behind = asyncio.create_task(batcher.submit(2))
    await asyncio.sleep(0)

    loop.cancel()

    for waiting in (in_batch, behind, batcher.submit(3)):
        with pytest.raises(Unavailable):
            await waiting


async def test_failure_of_a_batch_is_the_failure_of_its_items_and_the_next_one_is_carried() -> None:
    async def carry(items: Sequence[int]) -> Sequence[int]:
        return [10 // item for item in items]

    batcher: Batcher[int, int] = Batcher(carry)
    loop = asyncio.create_task(batcher.run())

    with pytest.raises(ZeroDivisionError):
        await batcher.submit(0)

    assert await batcher.submit(5) == 2
    loop.cancel()


@pytest.mark.parametrize(("at_once", "begun"), [(1, [0.0, 1.0, 2.0]), (2, [0.0, 3.0, 6.0]), (3, [0.0, 1.0, 2.0])])
def test_batches_begin_a_pause_apart_and_a_longer_one_in_dense_traffic(at_once: int, begun: list[float]) -> None:
    """AV-5: in dense traffic batches are few, in denser one they stay small."""

    async def three_batches() -> list[float]:
        loop, seen = asyncio.get_running_loop(), list[float]()

        async def carry(items: Sequence[int]) -> Sequence[int]:
            seen.append(loop.time())
            return items

        batcher: Batcher[int, int] = Batcher(carry, pause_s=1.0, dense=Dense(range(2, 3), pause_s=3.0))
        running = asyncio.create_task(batcher.run())
        for _ in begun:
            await asyncio.gather(*(batcher.submit(n) for n in range(at_once)))
        running.cancel()
        return seen

    assert run_jumping(three_batches()) == pytest.approx(begun)
