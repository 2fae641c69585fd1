"""Accounts below accounts: made, listed, changed, given credit by the account above.

Each account has credit of its own. A sub-account begins without any, and without the monthly tokens of a plan, which
would otherwise multiply with every sub-account; the account above moves credit to it and back.
"""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.errors import Invalid, NotFound, NotPermitted
from dialplane.domain.ids import AccountId, AgentId, ItemId, NumberId, OrderId, OrganizationId, new_id
from dialplane.domain.money import Micros
from dialplane.domain.numbering.history import the_account
from dialplane.domain.tenancy.account_tree import (
    AccountChange,
    AccountQuery,
    SubAccountDraft,
    check_draft,
    check_name,
    check_password,
    check_room,
    may_close,
)
from dialplane.domain.tenancy.accounts import Account, AccountStatus, Agent, Organization, Permission, Role
from dialplane.services.charging.billing import Balance, get_balance
from dialplane.services.identity.access_keys import issue_key
from dialplane.services.tenancy.account_standing import set_standing, shift_credit
from dialplane.services.tenancy.accounts import is_descendant, load_account
from dialplane.services.tenancy.provisioning import PasswordMaker, secret
from dialplane.services.transaction import Database, Transaction


class AccountTreeStore(Protocol):
    """Port: what concerns several accounts of a tree at once."""

    async def lock_below(self, account_id: AccountId) -> list[Account]:
        """All accounts below a locked one, closed ones too, locked, those nearer to it first."""
        ...

    async def ids_below(self, account_id: AccountId) -> list[AccountId]: ...

    async def query(self, query: AccountQuery) -> tuple[list[Account], int]:
        """One page, closed accounts too, and how many fit in all."""
        ...

    async def count_children(self, account_id: AccountId) -> int:
        """Those directly below that are not closed."""
        ...

    async def set_auth_token(self, account_id: AccountId, token: str, now: datetime) -> None: ...

    async def set_project_token(self, account_id: AccountId, token: str, now: datetime) -> None: ...

    async def move_to_organization(
        self, accounts: Collection[AccountId], organization_id: OrganizationId, by: AccountId, now: datetime
    ) -> None:
        """Move them with their extensions and, as `move_numbers` does, their numbers."""
        ...

    async def move_numbers(
        self, accounts: Collection[AccountId], organization_id: OrganizationId, by: AccountId, now: datetime
    ) -> None:
        """Move their live numbers, with an entry in the history of each. Raises AlreadyExists where the organization
        has a short code, pattern or channel of theirs already."""
        ...

    async def numbers_of(self, accounts: Collection[AccountId]) -> list[tuple[AccountId, NumberId]]:
        """Live ones."""
        ...

    async def open_orders_of(self, accounts: Collection[AccountId]) -> list[OrderId]: ...

    async def has_open_ports(self, accounts: Collection[AccountId]) -> bool: ...

    async def reserved_items_of(self, accounts: Collection[AccountId]) -> list[ItemId]: ...

    async def open_holds_of(self, accounts: Collection[AccountId]) -> list[str]:
        """Their keys."""
        ...

    async def end_belongings(self, accounts: Collection[AccountId], now: datetime) -> None:
        """Mark access keys, agents, extensions, trunks, flows and applications as deleted; forget where phones are."""
        ...

    async def add_organization(self, organization: Organization, made_by: AccountId) -> None:
        """Without its domains."""
        ...

    async def organizations_of(
        self, organization_id: OrganizationId, made_by: AccountId | None
    ) -> Sequence[tuple[Organization, bool]]:
        """That organization and those which `made_by` made, oldest first; with each, whether it is closed."""
        ...


async def query_accounts(database: Database, query: AccountQuery) -> tuple[list[Account], int]:
    """One page of a tree, and how many there are in all."""
    async with database.reading() as tx:
        return await tx.account_tree.query(query)


async def get_sub_account(database: Database, parent_id: AccountId, account_id: AccountId) -> Balance:
    """An account that is or stands below `parent_id`, and what it has. Raises NotFound (ACCOUNT_NOT_FOUND)."""
    async with database.reading() as tx:
        if account_id != parent_id and not await is_descendant(tx, parent_id, account_id):
            raise _not_found()
    return await get_balance(database, account_id)


async def create_sub_account(
    database: Database, hasher: PasswordMaker, parent_id: AccountId, draft: SubAccountDraft, *, now: datetime
) -> Account:
    """An account below `parent_id`, with a token of its own, an access key and, with an address of e-mail, a person
    who signs in. It has the parent's plan, standing of identity and allowed destinations.

    Raises Invalid naming the field, or ACCOUNT_TOO_DEEP below the third level; NotPermitted where the parent is not
    active, or is a developer's and would make an administrator's; AlreadyExists where the address signs in already;
    NotFound for the organization; LimitExceeded.
    """
    check_draft(draft)
    password_hash = await hasher.hash(draft.password or secret()) if draft.email else ""
    async with database.transaction() as tx:
        parent = await load_account(tx, parent_id, for_update=True)
        if not parent.status.may_use:
            raise NotPermitted("The account above is not active", reason="ACCOUNT_NOT_ACTIVE")
        if parent.role is not Role.ADMINISTRATOR and draft.role is not parent.role:
            raise NotPermitted("A developer makes developers only", reason="PERMISSION_DENIED", field="role")
        check_room(await _level(tx, parent), await tx.account_tree.count_children(parent_id))
        account = _below(parent, await _organization(tx, parent, draft.organization_id), draft, now)
        await tx.accounts.insert(account)
        if draft.email:
            await tx.agents.insert(_agent(account, password_hash, now))
        await issue_key(tx, account.id, name="default", now=now)
    return account


async def change_account(
    database: Database,
    hasher: PasswordMaker,
    caller_id: AccountId,
    account_id: AccountId,
    change: AccountChange,
    *,
    now: datetime,
) -> Account:
    """Change what is given, all of it or nothing. A new password also makes a new auth token, and the old ones end.

    Raises Invalid naming the field, or ACCOUNT_CLOSED; NotFound also where `caller_id` is neither the account nor above
    it; NotPermitted where a developer changes a role; Conflict as `set_standing` does.
    """
    password_hash = None
    if change.name is not None:
        check_name(change.name)
    if change.password is not None:
        check_password(change.password)
        password_hash = await hasher.hash(change.password)
    async with database.transaction() as tx:
        if change.role is not None:
            await _require_administrator(tx, caller_id)
        account = await _for_change(tx, caller_id, account_id)
        account = replace(
            account,
            name=account.name if change.name is None else change.name,
            role=change.role or account.role,
            updated_at=now,
        )
        await tx.accounts.update(account)
        if password_hash is not None:
            account = await _set_password(tx, account, password_hash, now)
        if change.status is not None and change.status is not account.status:
            _check_closing(account, change.status)
            account = await set_standing(tx, account, change.status, the_account(caller_id), now)
    return account


async def rotate_auth_token(database: Database, caller_id: AccountId, account_id: AccountId, now: datetime) -> Account:
    """Give the account a new auth token; the old one ends with the commit.

    Raises NotFound also where `caller_id` is neither the account nor above it; NotPermitted for a developer's account;
    Invalid (ACCOUNT_CLOSED).
    """
    async with database.transaction() as tx:
        await _require_administrator(tx, caller_id)
        account = await _for_change(tx, caller_id, account_id)
        return await _new_token(tx, account, now)


async def move_credit(
    database: Database, parent_id: AccountId, account_id: AccountId, amount: Micros, *, key: str, now: datetime
) -> None:
    """Move credit down to an account below, or with a negative amount back up from it. The same key again does nothing.

    Raises Invalid, NotFound where `account_id` is not below `parent_id`, InsufficientBalance.
    """
    if not 0 < abs(amount) <= 10**15:
        raise Invalid("amount_micros is not 0 and at most 10^15", reason="INVALID_ARGUMENT", field="amount_micros")
    async with database.transaction() as tx:
        if not await is_descendant(tx, parent_id, account_id):
            raise _not_found()
        account = await load_account(tx, account_id, for_update=True)
        giver, taker = (parent_id, account.id) if amount > 0 else (account.id, parent_id)
        # Hashed: a client's key may be as long as the ledger's whole key.
        digest = hashlib.sha256(f"{parent_id}:{account_id}:{key}".encode()).hexdigest()
        await shift_credit(tx, giver, taker, Micros(abs(amount)), key=f"transfer:{digest}", now=now)


# --- parts -----------------------------------------------------------------------------------------------------------


async def _require_administrator(tx: Transaction, caller_id: AccountId) -> None:
    caller = await load_account(tx, caller_id)
    if caller.role is not Role.ADMINISTRATOR:
        raise NotPermitted("Only an administrator does this", reason="PERMISSION_DENIED")


async def _for_change(tx: Transaction, caller_id: AccountId, account_id: AccountId) -> Account:
    """The account, locked, that the caller may change."""
    if caller_id != account_id and not await is_descendant(tx, caller_id, account_id):
        raise _not_found()
    account = await tx.accounts.find(account_id, for_update=True)
    if account is None:
        raise _not_found()
    if account.status is AccountStatus.DELETED:
        raise Invalid("The account is closed", reason="ACCOUNT_CLOSED")
    return account


def _check_closing(account: Account, status: AccountStatus) -> None:
    if status is AccountStatus.DELETED and not may_close(account):
        raise Invalid("The account at the top cannot close itself", reason="INVALID_ARGUMENT", field="status")
    if status is AccountStatus.INITIAL:
        raise Invalid("An account cannot become uninitialized", reason="INVALID_ARGUMENT", field="status")


async def _level(tx: Transaction, account: Account) -> int:
    """The top account's is 1."""
    level = 1
    while account.parent_id is not None:
        account = await tx.accounts.get(account.parent_id)
        level += 1
    return level


async def _organization(tx: Transaction, parent: Account, wanted: OrganizationId | None) -> OrganizationId:
    """The parent's, or one that the parent made."""
    if wanted is None or wanted == parent.organization_id:
        return parent.organization_id
    known = await tx.account_tree.organizations_of(parent.organization_id, parent.id)
    if wanted not in {organization.id for organization, _ in known}:
        raise NotFound("There is no such organization", reason="ORGANIZATION_NOT_FOUND", field="organization_id")
    return wanted


def _below(parent: Account, organization_id: OrganizationId, draft: SubAccountDraft, now: datetime) -> Account:
    return Account(
        id=AccountId(new_id(now)),
        organization_id=organization_id,
        status=draft.status,
        identity_status=parent.identity_status,
        plan=parent.plan,
        auth_token=_token(),
        project_token=secret(),
        created_at=now,
        parent_id=parent.id,
        role=draft.role,
        name=draft.name or draft.email,
        email=draft.email,
        home_country=parent.home_country,
        email_verified=parent.email_verified,
        destination_whitelist=parent.destination_whitelist,
    )


def _agent(account: Account, password_hash: str, now: datetime) -> Agent:
    return Agent(
        id=AgentId(new_id(now)),
        account_id=account.id,
        username=account.email,
        password_hash=password_hash,
        permission=Permission.CUSTOMER_ADMIN,
        created_at=now,
        name=account.name,
    )


async def _set_password(tx: Transaction, account: Account, password_hash: str, now: datetime) -> Account:
    """The person's who signs in with the account's address; made, where there is none yet."""
    agent = await tx.agents.find_by_username(account.email) if account.email else None
    if agent is not None and agent.account_id == account.id:
        await tx.agents.update(replace(agent, password_hash=password_hash, updated_at=now))
    elif account.email:
        await tx.agents.insert(_agent(account, password_hash, now))
    else:
        raise Invalid("The account has no address of e-mail to sign in with", field="password")
    if account.status is AccountStatus.INITIAL:
        account = replace(account, status=AccountStatus.ACTIVE, updated_at=now)
        await tx.accounts.update(account)
    return await _new_token(tx, account, now)


async def _new_token(tx: Transaction, account: Account, now: datetime) -> Account:
    account = replace(account, auth_token=_token(), updated_at=now)
    await tx.account_tree.set_auth_token(account.id, account.auth_token, now)
    return account


def _not_found() -> NotFound:
    """Also for accounts that are not below the caller's: the two are never told apart."""
    return NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")


def _token() -> str:
    return secrets.token_hex(16)
