"""The connection that stores run on, its JSON codec, and the loader of named queries."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from dialplane.domain.ids import id_text

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Row: TypeAlias = "asyncpg.Record | Mapping[str, Any]"
"""The columns of one table in an answer: all of it, or a part."""


async def prepare(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Teach a new connection that `json` and `jsonb` are msgspec values."""
    for name, encoder, decoder in (
        ("json", msgspec.json.encode, msgspec.json.decode),
        ("jsonb", _encode_jsonb, _decode_jsonb),
    ):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=encoder, decoder=decoder, format="binary")


def _encode_jsonb(value: object) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def _decode_jsonb(octets: bytes) -> object:
    """Without the version, which is 1 as long as the binary form is the text behind it."""
    return msgspec.json.decode(memoryview(octets)[1:])


def id_array(ids: Iterable[UUID]) -> str:
    """The argument of `$1::text::uuid[]`. Of a list the driver looks at each member, by three calls of Python's."""
    return "{" + ",".join(map(id_text, ids)) + "}"


@cache
def queries(subject: str) -> dict[str, str]:
    """The queries of `sql/queries/<subject>.sql` by name.

    Each begins with a line `-- name: find_number`; comment lines below it describe it.
    """
    text = resources.files(__package__).joinpath(f"sql/queries/{subject}.sql").read_text()
    found: dict[str, str] = {}
    for part in text.split("-- name: ")[1:]:
        name, _, body = part.partition("\n")
        found[name.strip()] = body.strip().rstrip(";")
    return found
