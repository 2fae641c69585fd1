"""Writes that must be made: the peer has heard already what they say."""

import asyncio
from collections.abc import Awaitable, Callable

from dialplane.domain.errors import Unavailable

PAUSE_S = 0.5


async def persist(write: Callable[[], Awaitable[None]]) -> None:
    """Try until the store takes it."""
    while True:
        try:
            await write()
        except Unavailable:
            await asyncio.sleep(PAUSE_S)
        else:
            return
