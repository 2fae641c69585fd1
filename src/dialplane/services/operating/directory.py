"""Organizations and accounts as the operator looks for them, among many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.charging.ledger import Purse
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId, OrganizationId
from dialplane.domain.tenancy.accounts import Account, AccountStatus, Organization, Plan
from dialplane.services.charging.billing import Balance
from dialplane.services.identity.people import Member
from dialplane.services.transaction import Database

_MOST_PEOPLE = 50


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as a list shows it."""

    id: AccountId
    name: str
    email: str
    status: AccountStatus
    plan: Plan
    is_verified: bool
    organization: str
    credit_micros: int
    """What is free."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    id: OrganizationId
    name: str
    domains: Sequence[str]
    accounts: int
    """Those that are not closed."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """Every given part must hold."""

    text: str = ""
    """Part of the name or the e-mail address in any case, or the whole id or sid."""
    status: AccountStatus | None = None
    """None: all but closed ones."""
    plan: Plan | None = None
    organization_id: OrganizationId | None = None


class DirectoryStore(Protocol):
    """Port."""

    async def search_accounts(
        self, query: AccountQuery, *, exactly: UUID | None, before: UUID | None, limit: int
    ) -> Sequence[AccountRow]:
        """Newest first, those whose id comes before `before`. `exactly`: the id that the text is."""
        ...

    async def search_organizations(self, text: str, *, before: UUID | None, limit: int) -> Sequence[OrganizationRow]:
        """Newest first."""
        ...

    async def count_numbers(self, account_id: AccountId) -> int:
        """Those that the account holds."""
        ...


async def search_accounts(
    database: Database, query: AccountQuery, *, before: UUID | None = None, limit: int = 100
) -> Sequence[AccountRow]:
    async with database.reading() as tx:
        return await tx.directory.search_accounts(query, exactly=_id_in(query.text), before=before, limit=limit)


async def search_organizations(
    database: Database, text: str, *, before: UUID | None = None, limit: int = 100
) -> Sequence[OrganizationRow]:
    """By part of the name or of a SIP domain, in any case."""
    async with database.reading() as tx:
        return await tx.directory.search_organizations(text, before=before, limit=limit)


@dataclass(frozen=True, slots=True)
class AccountSheet:
    """What the operator sees of one account at a glance."""

    account: Account
    organization: Organization | None
    parent: Account | None
    balance: Balance
    people: Sequence[Member]
    numbers: int
    rate_deck: str


async def read_account_sheet(database: Database, account_id: AccountId) -> AccountSheet:
    """Closed accounts, too. Raises NotFound (CUSTOMER_NOT_FOUND)."""
    async with database.reading() as tx:
        account = await tx.accounts.get(account_id)
        return AccountSheet(
            account=account,
            organization=await tx.accounts.find_organization(account.organization_id),
            parent=await tx.accounts.find(account.parent_id) if account.parent_id else None,
            balance=Balance(account, await tx.ledger.find_purse(account_id) or Purse(account_id)),
            people=await tx.people.list_members(account_id, limit=_MOST_PEOPLE),
            numbers=await tx.directory.count_numbers(account_id),
            rate_deck=await tx.rates.deck_of(account_id),
        )


async def get_organization(database: Database, organization_id: OrganizationId) -> Organization:
    """Raises NotFound (ORGANIZATION_NOT_FOUND)."""
    async with database.reading() as tx:
        found = await tx.accounts.find_organization(organization_id)
    if found is None:
        raise NotFound("There is no such organization", reason="ORGANIZATION_NOT_FOUND")
    return found


def _id_in(text: str) -> UUID | None:
    """The id that a UUID or a sid (`AC` and 32 hex digits) names."""
    try:
        return UUID(text[2:] if len(text) == 34 and text[:2].upper() == "AC" else text)
    except ValueError:
        return None
