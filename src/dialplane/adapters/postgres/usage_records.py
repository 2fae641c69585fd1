"""Usage in Postgres: a view of calls, messages, recordings and the ledger."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.charging.ledger import ReferenceType
from dialplane.domain.charging.spending import (
    BUCKETS,
    Bucket,
    DaySpent,
    Line,
    NumberSpent,
    NumberSum,
    Spending,
    SpendingPage,
    SpendingQuery,
    Spent,
    by_day,
    of_numbers,
    quantity_of,
)
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

    async def spent_lines(
        self, account_id: AccountId, wanted: SpendingQuery, *, since: datetime, until: datetime
    ) -> SpendingPage[Spending]:
        rows = await self._lines(account_id, wanted, BUCKETS, since, until)
        return _page(rows, [_line(row) for row in rows if row["number"] is not None])

    async def spent_sums(
        self, account_id: AccountId, wanted: SpendingQuery, *, since: datetime, until: datetime
    ) -> SpendingPage[NumberSum]:
        rows = await self._lines(account_id, wanted, {}, since, until)
        shown = [row for row in rows if row["number"] is not None]
        return _page(rows, [NumberSum(row["number"], row["count"], row["micros"]) for row in shown])

    async def _lines(
        self,
        account_id: AccountId,
        wanted: SpendingQuery,
        buckets: Mapping[ReferenceType, Bucket],
        since: datetime,
        until: datetime,
    ) -> list[asyncpg.Record]:
        return await self._connection.fetch(
            _SQL["spent_lines"], account_id, since, until, list(buckets), list(buckets.values()), Bucket.PAYG,
            wanted.numbers, wanted.buckets, wanted.limit, wanted.offset,
        )  # fmt: skip

    async def spent_daily(self, account_id: AccountId, days: Range) -> list[DaySpent]:
        rows = await self._connection.fetch(_SQL["spent_daily"], account_id, days.first, days.last)
        return by_day((row["day"], _spent(row)) for row in rows)

    async def spent_of_numbers(
        self, account_id: AccountId, *, since: datetime, until: datetime, after: str, limit: int
    ) -> list[NumberSpent]:
        rows = await self._connection.fetch(_SQL["spent_of_numbers"], account_id, since, until, after, limit)
        return of_numbers(map(_spent, rows))


def _page(rows: Sequence[asyncpg.Record], lines: Sequence[Line]) -> SpendingPage[Line]:
    """There is a row with the sums even where there is no line."""
    return SpendingPage(lines, rows[0]["lines"], rows[0]["all_count"], rows[0]["all_micros"])


def _line(row: asyncpg.Record) -> Spending:
    bucket = Bucket(row["bucket"])
    quantity = quantity_of(bucket, count=row["count"], units=row["units"], minutes=row["minutes"])
    return Spending(bucket, quantity, row["micros"], row["number"])


def _spent(row: asyncpg.Record) -> Spent:
    return Spent(
        ReferenceType(row["reference_type"]),
        row.get("number", ""),
        row["count"],
        row["units"],
        row["minutes"],
        row["micros"],
    )
