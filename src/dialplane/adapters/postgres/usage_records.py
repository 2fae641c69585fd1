"""Usage in Postgres: a view of calls, messages, recordings and the ledger."""

from collections.abc import Collection
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.charging.ledger import ReferenceType
from dialplane.domain.charging.spending import DaySpent, NumberSpent, Spent, by_day, of_numbers
from dialplane.domain.charging.usage_records import Category, Fact, Granularity, Range
from dialplane.domain.ids import AccountId

_SQL = queries("usage_records")


class PostgresUsageStore:
    """Fulfils `services.charging.usage_records.UsageStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def facts(
        self, accounts: Collection[AccountId], *, since: datetime, until: datetime, granularity: Granularity
    ) -> list[Fact]:
        rows = await self._connection.fetch(_SQL["facts"], list(accounts), since, until, granularity.value)
        return [
            Fact(row["period"].date(), Category(row["category"]), row["count"], row["amount"], row["micros"])
            for row in rows
        ]

    async def spent(self, account_id: AccountId, *, since: datetime, until: datetime) -> list[Spent]:
        return [_spent(row) for row in await self._connection.fetch(_SQL["spent"], account_id, since, until)]

    async def spent_daily(self, account_id: AccountId, days: Range) -> list[DaySpent]:
        rows = await self._connection.fetch(_SQL["spent_daily"], account_id, days.first, days.last)
        return by_day((row["day"], _spent(row)) for row in rows)

    async def spent_of_numbers(
        self, account_id: AccountId, *, since: datetime, until: datetime, after: str, limit: int
    ) -> list[NumberSpent]:
        rows = await self._connection.fetch(_SQL["spent_of_numbers"], account_id, since, until, after, limit)
        return of_numbers(map(_spent, rows))


def _spent(row: asyncpg.Record) -> Spent:
    return Spent(
        ReferenceType(row["reference_type"]),
        row.get("number", ""),
        row["count"],
        row["units"],
        row["minutes"],
        row["micros"],
    )
