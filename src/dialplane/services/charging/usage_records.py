"""What accounts used, by period and category: a view of records and ledger, worked out when it is asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from dialplane.domain.charging.spending import Spent
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

    async def spent(self, account_id: AccountId, *, since: datetime, until: datetime) -> list[Spent]:
        """What was charged from `since` up to `until`, by what it was for and number."""
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
    async with database.reading() as tx:
        accounts = [account_id]
        if query.with_sub_accounts:
            accounts += await tx.account_tree.ids_below(account_id)
        facts = await tx.usage_records.facts(accounts, since=since, until=until, granularity=query.granularity)
    return records(facts, query.days, query.granularity, query.category)


async def query_spending(database: Database, account_id: AccountId, days: Range) -> list[Spent]:
    """What the account was charged on these days of UTC: all that the ledger took, and nothing else."""
    if days.last < days.first:
        return []
    since, until = _moments(days)
    async with database.reading() as tx:
        return await tx.usage_records.spent(account_id, since=since, until=until)


def _moments(days: Range) -> tuple[datetime, datetime]:
    since = datetime.combine(days.first, time(), UTC)
    return since, datetime.combine(days.last, time(), UTC) + timedelta(days=1)
