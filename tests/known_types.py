"""What asyncpg asks of each new connection about the server's own types, asked once a process.

It knows few arrays by itself, and asks the catalogue by a query that takes the server some 5 ms, three times for each
connection: a fifth of what a short test costs it. The answers are the same for all databases of a version.
"""

from collections.abc import Iterable
from types import SimpleNamespace

from asyncpg import Connection

_ASK = "_introspect_types"
_FIRST_OF_OURS = 16_384
"""Types below are Postgres's own (`FirstNormalObjectId`)."""


def remember() -> None:
    """From now on, in this process."""
    asked = getattr(Connection, _ASK)
    known: dict[tuple[int, ...], object] = {}

    async def introspect(self: object, oids: Iterable[int], timeout: float | None) -> tuple[object, object]:
        key = tuple(sorted(oids))
        if key[-1] >= _FIRST_OF_OURS:
            types, statement = await asked(self, key, timeout)
            return types, statement
        if key not in known:
            known[key], _ = await asked(self, key, timeout)
        return known[key], SimpleNamespace(name="known")  # a statement with a name: nothing was asked by one without

    setattr(Connection, _ASK, introspect)
