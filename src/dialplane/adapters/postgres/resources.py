"""Small resources in Postgres: a table whose columns are the fields of a value, in any order."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from typing import Generic, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.ids import AccountId
from dialplane.services.resources import Owned

ThingT = TypeVar("ThingT", bound=Owned)
_FIXED = ("id", "account_id", "created_at")
_NONE: Mapping[str, object] = {}


@cache
def _sql(query: str, table: str, columns: tuple[str, ...], equal: tuple[tuple[str, bool], ...], given: int) -> str:
    """The names of tables and columns are our own, never a client's."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in _FIXED)
    numbered = enumerate(equal, start=given + 1)
    filters = "".join(f" and {name} = {'any' if several else ''}(${place})" for place, (name, several) in numbered)
    return queries("resources")[query].format(table=table, changes=changes, equal=filters)


class PostgresResources(Generic[ThingT]):
    """Fulfils `services.resources.ResourceStore`; the columns `sealed` hold secrets."""

    def __init__(
        self,
        connection: Connection,
        table: str,
        kind: type[ThingT],
        *,
        seal: Seal | None = None,
        sealed: tuple[str, ...] = (),
    ) -> None:
        self._connection = connection
        self._table = table
        self._kind = kind
        self._columns = tuple(each.name for each in fields(kind))
        self._seal = seal
        self._sealed = sealed if seal is not None else ()

    async def save(self, *things: ThingT) -> None:
        await self._connection.execute(self._query("save"), [self._close(each) for each in things])

    async def add(self, thing: ThingT) -> bool:
        return await self._connection.fetchval(self._query("add"), [self._close(thing)]) is not None

    async def find(self, account_id: AccountId, wanted: UUID, *, lock: bool = False) -> ThingT | None:
        row = await self._connection.fetchrow(self._query("lock" if lock else "find"), account_id, wanted)
        return None if row is None else self._read(row)

    async def list_for(
        self, account_id: AccountId, *, before: datetime | None, limit: int, **equal: object
    ) -> list[ThingT]:
        named = _given(equal)
        query = self._query("list_for", named, given=3)
        rows = await self._connection.fetch(query, account_id, before, limit, *named.values())
        return [self._read(row) for row in rows]

    async def count(self, account_id: AccountId, **equal: object) -> int:
        named = _given(equal)
        query = self._query("count", named, given=1)
        return int(await self._connection.fetchval(query, account_id, *named.values()))

    def _query(self, name: str, equal: Mapping[str, object] = _NONE, *, given: int = 0) -> str:
        filters = tuple((each, isinstance(value, list | tuple)) for each, value in equal.items())
        return _sql(name, self._table, self._columns, filters, given)

    def _close(self, thing: ThingT) -> ThingT:
        if self._seal is None:
            return thing
        return replace(thing, **{name: self._seal.close(getattr(thing, name)) for name in self._sealed})

    def _read(self, row: asyncpg.Record) -> ThingT:
        values = dict(row)
        if self._seal is not None:
            values |= {name: self._seal.open(values[name]) for name in self._sealed}
        return msgspec.convert(values, self._kind, strict=False)


def _given(equal: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in equal.items() if value is not None}
