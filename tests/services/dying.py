"""Death at every step: played again and again, each time dying one step later.

Two deaths are tried: a task that is cut off wherever it waits, in the middle of a statement too, and a process that is
killed between any two statements, before and after each commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Refusal
from tests.fakes.stepping import Death, DiesAfter, SteppedDatabase
from tests.fakes.stopping import StopsAt
from tests.services.life import assert_life_is_whole, reconcile

Play = Callable[[PostgresDatabase], Coroutine[None, None, object]]
"""What is to die, and is repeated after its death."""

Begin = Callable[[str], Awaitable[Play]]
"""Prepares one round with a fresh number."""

Attempt = Callable[[PostgresDatabase, Play, int], Awaitable[bool]]
"""Plays until the step, counted from 0; whether it died there."""


async def is_cut_off(database: PostgresDatabase, play: Play, step: int) -> bool:
    try:
        await StopsAt(play(database), step)
    except asyncio.CancelledError:
        return True
    return False


async def is_killed(database: PostgresDatabase, play: Play, step: int) -> bool:
    died = False
    try:
        await play(SteppedDatabase(database, DiesAfter(step + 1)))
    except* Death:
        died = True
    return died


async def die_at_every_step(database: PostgresDatabase, begin: Begin, attempt: Attempt, *, most: int = 120) -> int:
    """Play the round again and again, each time dying one step later, until it lives to its end; how many deaths.

    After each death the worker comes by, and the books must be right; the client then repeats what it had asked for.
    """
    for step in range(most):
        play = await begin(f"+1415557{step:04}")
        died = await attempt(database, play, step)
        if died:
            await reconcile(database)
            await assert_life_is_whole(database)
            with suppress(Refusal):  # it may have been done before the death
                await play(database)
        await reconcile(database)
        await assert_life_is_whole(database)
        if not died:
            return step
    raise AssertionError("the round never came to its end")
