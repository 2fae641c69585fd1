"""What accounts used, by period and category: a view of records and ledger, worked out when it is asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from dialplane.domain.charging.spending import DaySpent, NumberSpent, NumberSum, Spending, SpendingPage, SpendingQuery
from dialplane.domain.charging.usage_records import Category, Fact, Granularity, Range, UsageRecord, records
from dialplane.domain.ids import AccountId
from dialplane.services.transaction import Database


class UsageStore(Protocol):
    """Port."""

    async def facts(
        self, accounts: Collection[AccountId], *, since: datetime, until: datetime, granularity: Granularity
    ) -> list[Fact]:
        """What was used from `since` up to `until`, added up by period and leaf of the tree of categories."""
        ...

    async def spent_lines(
        self, account_id: AccountId, wanted: SpendingQuery, *, since: datetime, until: datetime
    ) -> SpendingPage[Spending]:
        """What was charged from `since` up to `until`, by number and bucket, in their order."""
        ...

    async def spent_sums(
        self, account_id: AccountId, wanted: SpendingQuery, *, since: datetime, until: datetime
    ) -> SpendingPage[NumberSum]:
        """The same by number alone; no buckets may be asked for."""
        ...

    async def spent_daily(self, account_id: AccountId, days: Range) -> list[DaySpent]:
        """All together, by day of UTC and what it was for; the days in their order, those without charges left out.
        Reads sums that are kept with the ledger: its cost is that of the days."""
        ...

    async def spent_of_numbers(
        self, account_id: AccountId, *, since: datetime, until: datetime, after: str, limit: int
    ) -> list[NumberSpent]:
        """What was charged for `limit` of the account's numbers, those behind `after` in the order of their texts, and
        those among them that nothing was charged for. Looks at nothing that belongs to other numbers."""
        ...


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """Days are those of UTC. `category` None is every one."""

    days: Range
    granularity: Granularity
    category: Category | None = None
    with_sub_accounts: bool = False


async def query_usage(database: Database, account_id: AccountId, query: UsageQuery) -> list[UsageRecord]:
    """Newest period first."""
    if query.days.last < query.days.first:
        return []
    since, until = _moments(query.days)
    async with database.browsing() as tx:
        accounts = [account_id]
        if query.with_sub_accounts:
            accounts += await tx.account_tree.ids_below(account_id)
        facts = await tx.usage_records.facts(accounts, since=since, until=until, granularity=query.granularity)
    return records(facts, query.days, query.granularity, query.category)


async def query_spending(
    database: Database, account_id: AccountId, days: Range, wanted: SpendingQuery
) -> SpendingPage[Spending]:
    """What the account was charged on these days of UTC: all that the ledger took, and nothing else."""
    since, until = _moments(days)
    async with database.browsing() as tx:
        return await tx.usage_records.spent_lines(account_id, wanted, since=since, until=until)


async def query_number_sums(
    database: Database, account_id: AccountId, days: Range, wanted: SpendingQuery
) -> SpendingPage[NumberSum]:
    """The same, each number's charges in one."""
    since, until = _moments(days)
    async with database.browsing() as tx:
        return await tx.usage_records.spent_sums(account_id, wanted, since=since, until=until)


async def query_daily_spending(database: Database, account_id: AccountId, days: Range) -> list[DaySpent]:
    """What `query_spending` tells by number, by day."""
    async with database.browsing() as tx:
        return await tx.usage_records.spent_daily(account_id, days)


async def query_number_spending(
    database: Database, account_id: AccountId, days: Range, *, after: str = "", limit: int
) -> list[NumberSpent]:
    """Number by number, for lists that page by the number (`after`) however many numbers there are. What has to do with
    no number of the account, or no longer one, is in `query_daily_spending` only."""
    since, until = _moments(days)
    async with database.browsing() as tx:
        return await tx.usage_records.spent_of_numbers(account_id, since=since, until=until, after=after, limit=limit)


def _moments(days: Range) -> tuple[datetime, datetime]:
    since = datetime.combine(days.first, time(), UTC)
    return since, datetime.combine(days.last, time(), UTC) + timedelta(days=1)
