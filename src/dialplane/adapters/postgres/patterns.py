"""Patterns in Postgres: read for routing, with the version that tells whether a copy is still right."""

from collections.abc import Collection
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, NumberId, OrganizationId
from dialplane.domain.patterns import Pattern
from dialplane.services.patterns import Destination, PatternChanges

_SQL = queries("patterns")


class PostgresPatternStore:
    """Fulfils `services.patterns.PatternStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find_destinations(self, domains: Collection[str], texts: Collection[str]) -> list[Destination]:
        rows = await self._connection.fetch(_SQL["find_destinations"], list(domains), list(texts))
        found: dict[str, Destination] = {}
        for row in rows:
            destination = found.get(row["domain"])
            if destination is None:
                destination = Destination(row["domain"], OrganizationId(row["organization_id"]), row["version"], {})
                found[destination.domain] = destination
            if row["id"] is not None:
                destination.exact[row["number"]] = NumberId(row["id"])
        return list(found.values())

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


def _pattern(row: asyncpg.Record) -> Pattern:
    return Pattern(NumberId(row["id"]), row["number"], row["created_at"], row["anchored"])
