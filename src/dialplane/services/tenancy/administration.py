"""What only the operator changes of an account: its standing, its plan, what is known of its identity."""

from dataclasses import replace
from datetime import datetime

from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.history import OPERATOR
from dialplane.domain.tenancy.accounts import Account, AccountStatus, IdentityStatus, Plan
from dialplane.services.tenancy.account_standing import set_standing
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database


async def set_status(database: Database, account_id: AccountId, status: AccountStatus, *, now: datetime) -> Account:
    return await administer(database, account_id, status=status, now=now)


async def set_plan(database: Database, account_id: AccountId, plan: Plan, *, now: datetime) -> Account:
    return await administer(database, account_id, plan=plan, now=now)


async def set_verified(database: Database, account_id: AccountId, verified: bool, *, now: datetime) -> Account:
    return await administer(database, account_id, verified=verified, now=now)


async def administer(
    database: Database,
    account_id: AccountId,
    *,
    status: AccountStatus | None = None,
    plan: Plan | None = None,
    verified: bool | None = None,
    now: datetime,
) -> Account:
    """What only the operator changes, all of it or nothing; None leaves a value as it is. A status reaches the accounts
    below too. Raises NotFound, and what `set_standing` raises."""
    async with database.transaction() as tx:
        account = await load_account(tx, account_id, for_update=True)
        if plan is not None:
            account = replace(account, plan=plan)
        if verified is not None:
            identity = IdentityStatus.VERIFIED if verified else IdentityStatus.NONE
            account = replace(account, identity_status=identity)
        account = replace(account, updated_at=now)
        await tx.accounts.update(account)
        if status is not None and status is not account.status:
            account = await set_standing(tx, account, status, OPERATOR, now)
    return account
