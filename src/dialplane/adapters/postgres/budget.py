"""Who may open how many connections: each process says so in the name that its connections carry (`application_name`),
and the server's own list of sessions adds up. There is nothing to register and nothing that a dead process leaves."""

import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg

from dialplane.adapters.postgres.connection import queries
from dialplane.adapters.postgres.reach import reach


@dataclass(frozen=True, slots=True)
class Budget:
    """`promised`: what all processes that are connected may open; `usable`: what the server has for them."""

    promised: int
    usable: int


def named(dsn: str, role: str, most: int) -> str:
    """The address under which a process of `role`, which opens `most` connections at the most, is counted."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query)) | {"application_name": f"dialplane {role} {most} {secrets.token_hex(4)}"}
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


async def look(dsn: str) -> Budget:
    """With the process that asks, where its address is `named`. Raises one of `reach.UNREACHED`."""
    connection: asyncpg.Connection[asyncpg.Record] = await reach(dsn)
    try:
        row = await connection.fetchrow(queries("watch")["budget"])
        assert row is not None  # it selects one row, always
        return Budget(**row)
    finally:
        await connection.close()
