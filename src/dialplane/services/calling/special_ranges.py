"""Ranges of costly numbers that the operator opens for an account (FRD-1)."""

from collections.abc import Collection
from datetime import datetime

from dialplane.domain.calling.destinations import SpecialRange
from dialplane.domain.ids import AccountId
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database


async def get_special_ranges(database: Database, account_id: AccountId) -> list[SpecialRange]:
    """Raises NotFound."""
    async with database.reading() as tx:
        account = await load_account(tx, account_id)
    return [each for each in SpecialRange if each in account.special_destinations]


async def set_special_ranges(
    database: Database, account_id: AccountId, ranges: Collection[SpecialRange], now: datetime
) -> list[SpecialRange]:
    """These and no others, from the next call or message on. Raises NotFound."""
    opened = [each for each in SpecialRange if each in ranges]
    async with database.transaction() as tx:
        await load_account(tx, account_id, for_update=True)
        await tx.accounts.set_special_destinations(account_id, opened, now)
    return opened
