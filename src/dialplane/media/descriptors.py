"""What the media process waits for: each descriptor with its reader, and the leg that fails when the reader does."""

import select
from collections.abc import Callable

from dialplane.media.connection import Connection


class Descriptors:
    """One epoll. `readers` and `epoll` are for the loop, which looks at them for every packet."""

    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.readers: dict[int, Callable[[float], None]] = {}
        self.owners: dict[int, tuple[Connection, int]] = {}

    def watch(
        self, descriptor: int, reader: Callable[[float], None], owner: tuple[Connection, int] | None = None
    ) -> None:
        self.readers[descriptor] = reader
        if owner is not None:
            self.owners[descriptor] = owner
        self.epoll.register(descriptor, select.EPOLLIN)

    def unwatch(self, descriptor: int) -> None:
        self.epoll.unregister(descriptor)
        del self.readers[descriptor]
        self.owners.pop(descriptor, None)

    def close(self) -> None:
        self.epoll.close()
