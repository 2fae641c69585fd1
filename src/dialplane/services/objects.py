"""Contents of files, outside the store's transactions: one may take as long as a disk or a scanner of viruses likes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from dialplane.domain.errors import Refusal, Unavailable


class ObjectStore(Protocol):
    """Port: contents by key. Keys are ours, never a client's."""

    async def put(self, key: str, content: bytes) -> None:
        """Kept for good when this returns. Writing a key again writes over it."""
        ...

    async def get(self, key: str) -> bytes | None: ...

    async def delete(self, key: str) -> None:
        """Nothing happens where there is none."""
        ...


@asynccontextmanager
async def written(objects: ObjectStore, key: str, content: bytes) -> AsyncIterator[None]:
    """Around the transaction that writes the row which names the content: it lies there before the row does.

    Where the row is refused the content goes again. After a crash, or a commit of which nobody knows whether it was
    done, it stays: whoever sweeps (`services.left_files`) takes it out where no row names it.
    """
    await objects.put(key, content)
    try:
        yield
    except Unavailable:
        raise
    except Refusal:
        await objects.delete(key)
        raise
