"""Waiting for the store while it is away (AV-3): a live call goes on, and what became of it is written when it can be.

Changes of calls have the journal. What is here is for whatever of a call somebody waits for: its entering a room, the
end of its recording. Who is not let in yet waits for nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import structlog

from dialplane.domain.errors import Unavailable
from dialplane.services.transaction import Database, Transaction

PATIENCE_S = 60.0
"""AV-3: so long a call goes on without the store."""
_PAUSES_S = (0.1, 0.5, 1.0, 2.0)
"""Before each further try; the last one stays."""

log = structlog.get_logger()
T = TypeVar("T")


class PatientDatabase:
    """Fulfils `Database` for live calls: a transaction that cannot begin is begun again, for `patience_s`.

    Nothing has happened when that fails, so it may be done around any use case. One that is cut off later raises
    Unavailable as ever.
    """

    def __init__(self, database: Database, patience_s: float = PATIENCE_S) -> None:
        self._database = database
        self._patience_s = patience_s

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with AsyncExitStack() as stack:
            yield await self._begin(stack, self._database.transaction)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        async with AsyncExitStack() as stack:
            yield await self._begin(stack, self._database.reading)

    @asynccontextmanager
    async def browsing(self) -> AsyncIterator[Transaction]:
        async with AsyncExitStack() as stack:
            yield await self._begin(stack, self._database.browsing)

    async def _begin(
        self, stack: AsyncExitStack, begin: Callable[[], AbstractAsyncContextManager[Transaction]]
    ) -> Transaction:
        return await _repeated(lambda: stack.enter_async_context(begin()), limit_s=self._patience_s)


async def until_kept(write: Callable[[], Awaitable[T]], **facts: object) -> T:
    """What `write` gives, however long the store is away; `facts` are for the log. It must be safe to repeat.

    Cancelling it leaves the rest to the node's next start, which ends whatever it finds.
    """
    return await _repeated(write, facts=facts)


async def carried_through(work: Coroutine[Any, Any, T], spawn: Callable[[Coroutine[Any, Any, T]], None]) -> T:
    """What `work` gives. Where whoever waits for it is cancelled it goes on in a task of the node: a command is cut off
    soon after its call, and the store may be away for longer."""
    working = asyncio.ensure_future(work)
    spawn(_end_of(working))
    return await asyncio.shield(working)


async def _end_of(working: "asyncio.Future[T]") -> T:
    return await working


async def _repeated(
    do: Callable[[], Awaitable[T]], *, limit_s: float | None = None, facts: Mapping[str, object] | None = None
) -> T:
    """Raises Unavailable where it fails later than `limit_s` after the first try."""
    loop = asyncio.get_running_loop()
    began, attempt = loop.time(), 0
    while True:
        try:
            return await do()
        except Unavailable:
            if limit_s is not None and loop.time() - began >= limit_s:
                raise
            log.warning("store_awaited", **(facts or {}))
        await asyncio.sleep(_PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
        attempt += 1
