"""Usage in Postgres: a view of calls, messages, recordings and the ledger."""

from collections.abc import Collection
from datetime import datetime

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.charging.ledger import ReferenceType
from dialplane.domain.charging.spending import Spent
from dialplane.domain.charging.usage_records import Category, Fact, Granularity
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
        rows = await self._connection.fetch(_SQL["spent"], account_id, since, until)
        return [
            Spent(
                ReferenceType(row["reference_type"]),
                row["number"],
                row["count"],
                row["units"],
                row["minutes"],
                row["micros"],
            )
            for row in rows
        ]
