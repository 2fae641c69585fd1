"""Patterns in Postgres: read for routing, with the version that tells whether a copy is still right."""

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, NumberId, OrganizationId
from dialplane.domain.numbering.patterns import Pattern
from dialplane.services.numbering.patterns import Destination, PatternChanges

_SQL = queries("patterns")


class PostgresPatternStore:
    """Fulfils `services.numbering.patterns.PatternStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find_destinations(self, domains: Collection[str], texts: Collection[str]) -> dict[str, Destination]:
        found: dict[str, Destination] = {}
        for row in await self._connection.fetch(_SQL["find_destinations"], list(domains), list(texts)):
            _add(found.setdefault(row["domain"], _destination(row)), row)
        return found

    async def find_inside(self, organization_id: OrganizationId, texts: Collection[str]) -> Destination:
        rows = await self._connection.fetch(_SQL["find_inside"], organization_id, list(texts))
        destination = _destination(rows[0])
        for row in rows:
            _add(destination, row)
        return destination

    async def find_in_any(self, texts: Sequence[str]) -> NumberId | None:
        found = await self._connection.fetchval(_SQL["find_in_any"], list(texts))
        return None if found is None else NumberId(found)

    async def changes(self, organization_id: OrganizationId, *, since: int) -> PatternChanges:
        rows = await self._connection.fetch(_SQL["changes"], organization_id, since)
        if not rows:
            return PatternChanges(0, is_complete=True, live=[], gone=[])
        changed = [row for row in rows if row["id"] is not None]
        return PatternChanges(
            version=rows[0]["version"],
            is_complete=rows[0]["is_complete"],
            live=[_pattern(row) for row in changed if row["is_live"]],
            gone=[NumberId(row["id"]) for row in changed if not row["is_live"]],
        )

    async def count(self, organization_id: OrganizationId, *, at_most: int) -> int:
        return int(await self._connection.fetchval(_SQL["count"], organization_id, at_most))

    async def set_anchored(self, number_id: NumberId, anchored: bool) -> None:
        await self._connection.execute(_SQL["set_anchored"], number_id, anchored)

    async def anchored_among(self, number_ids: Collection[NumberId]) -> set[NumberId]:
        rows = await self._connection.fetch(_SQL["anchored_among"], list(number_ids))
        return {NumberId(row["id"]) for row in rows}

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[NumberId]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, before, limit)
        return [NumberId(row["id"]) for row in rows]

    async def list_in_order(
        self, account_id: AccountId, *, after: NumberId | None, limit: int
    ) -> list[tuple[NumberId, bool]]:
        rows = await self._connection.fetch(_SQL["list_in_order"], account_id, after, limit)
        return [(NumberId(row["id"]), row["anchored"]) for row in rows]


def _destination(row: asyncpg.Record) -> Destination:
    return Destination(OrganizationId(row["organization_id"]), row["version"], {})


def _add(destination: Destination, row: asyncpg.Record) -> None:
    if row["id"] is not None:
        destination.exact[row["number"]] = NumberId(row["id"])


def _pattern(row: asyncpg.Record) -> Pattern:
    return Pattern(NumberId(row["id"]), row["number"], row["created_at"], row["anchored"])
