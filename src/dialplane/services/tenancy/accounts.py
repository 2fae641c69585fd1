"""Accounts and the organizations that they belong to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.calling.screening import Screening
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.identity.people import check_email
from dialplane.domain.ids import AccountId, OrganizationId
from dialplane.domain.tenancy.accounts import Account, Organization
from dialplane.services.eventing.webhooks import set_customer_webhook
from dialplane.services.transaction import Database, Transaction


class AccountStore(Protocol):
    """Port: organizations with their SIP domains, and accounts."""

    async def insert_organization(self, organization: Organization) -> None:
        """Raises AlreadyExists naming the SIP domain that another organization has."""
        ...

    async def set_screening(self, account_id: AccountId, screening: Screening | None, now: datetime) -> None:
        """Who may call the numbers of the account."""
        ...

    async def set_special_destinations(self, account_id: AccountId, ranges: Sequence[str], now: datetime) -> None:
        """Which ranges that are closed to others it may reach."""
        ...

    async def find_organization(self, organization_id: OrganizationId) -> Organization | None: ...

    async def list_organizations(self) -> list[Organization]:
        """All, oldest first."""
        ...

    async def find_organization_by_domain(self, domain: str) -> OrganizationId | None:
        """`domain` in lower case."""
        ...

    async def add_domain(self, organization_id: OrganizationId, domain: str, now: datetime) -> None:
        """Nothing happens where the organization has it already; raises AlreadyExists where another has it."""
        ...

    async def insert(self, account: Account) -> None: ...

    async def find(self, account_id: AccountId, *, for_update: bool = False) -> Account | None:
        """The account, the deleted one too."""
        ...

    async def hold(self, account_id: AccountId, *, alone: bool = False) -> Account | None:
        """The same; nobody closes it until the transaction ends, nor does anybody else hold it `alone`. To be called
        before anything else is locked."""
        ...

    async def get(self, account_id: AccountId) -> Account:
        """Raises NotFound (`CUSTOMER_NOT_FOUND`) where there is none; deleted ones are found."""
        ...

    async def find_many(self, account_ids: Collection[AccountId]) -> dict[AccountId, Account]:
        """Those that exist, deleted ones too."""
        ...

    async def find_by_email(self, email: str) -> list[Account]:
        """Those with this address, in any case, oldest first; without deleted ones, a few at most."""
        ...

    async def list_all(self, *, before: datetime | None, limit: int) -> list[Account]:
        """Newest first, those made earlier than `before`."""
        ...

    async def list_frozen(self, *, before: datetime, limit: int) -> list[AccountId]:
        """Those that were frozen at `before` or earlier, the first ones first."""
        ...

    async def update(self, account: Account) -> None:
        """Write everything but id, organization, parent, tokens and the time of creation."""
        ...


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """What an account may change about itself; None leaves a value as it is."""

    name: str | None = None
    detail: str | None = None
    email: str | None = None
    phone_number: str | None = None
    address: str | None = None
    webhook_uri: str | None = None
    webhook_method: str | None = None


_LONGEST = {"name": 255, "detail": 4096, "email": 320, "phone_number": 64, "address": 1024, "webhook_uri": 2048}
_WEBHOOK_METHODS = ("", "POST", "GET", "PUT", "DELETE")


async def get_account(database: Database, account_id: AccountId) -> Account:
    """Raises NotFound (`CUSTOMER_NOT_FOUND`)."""
    async with database.reading() as tx:
        return await load_account(tx, account_id)


async def list_accounts(database: Database, *, before: datetime | None = None, limit: int = 100) -> list[Account]:
    """The operator's view: every account, newest first."""
    async with database.reading() as tx:
        return await tx.accounts.list_all(before=before, limit=limit)


async def names_of(database: Database, account_ids: Collection[AccountId]) -> dict[AccountId, str]:
    """What accounts call themselves, closed ones too; for lists that show whose each row is."""
    async with database.reading() as tx:
        return {account_id: account.name for account_id, account in (await tx.accounts.find_many(account_ids)).items()}


async def load_account(tx: Transaction, account_id: AccountId, *, for_update: bool = False) -> Account:
    """Raises NotFound (`CUSTOMER_NOT_FOUND`) for an unknown or deleted account."""
    account = await tx.accounts.find(account_id, for_update=for_update)
    if account is None or account.deleted_at is not None:
        raise NotFound("There is no such customer", reason="CUSTOMER_NOT_FOUND")
    return account


async def update_customer(
    database: Database, account_id: AccountId, change: CustomerChange, *, now: datetime
) -> Account:
    """Change what the account says of itself; a new webhook address becomes its webhook endpoint.

    Raises Invalid naming the field, NotFound.
    """
    wanted = {name: value for name in CustomerChange.__slots__ if (value := getattr(change, name)) is not None}
    _check(wanted)
    async with database.transaction() as tx:
        before = await load_account(tx, account_id, for_update=True)
        if wanted.get("email", before.email) != before.email:
            wanted["email"] = check_email(wanted["email"])
        after = replace(before, **wanted, updated_at=now)
        await tx.accounts.update(after)
        webhook = (after.webhook_uri, after.webhook_method)
        if webhook != (before.webhook_uri, before.webhook_method):
            await set_customer_webhook(tx, account_id, *webhook, now)
    return after


def _check(wanted: dict[str, str]) -> None:
    for name, value in wanted.items():
        longest = _LONGEST.get(name)
        if longest is not None and len(value) > longest:
            raise Invalid(f"{name} has {len(value)} characters, at most {longest} are allowed", field=name)
    if wanted.get("webhook_method", "") not in _WEBHOOK_METHODS:
        raise Invalid("webhook_method is POST, GET, PUT, DELETE or empty", field="webhook_method")


async def is_descendant(tx: Transaction, ancestor: AccountId, account: AccountId) -> bool:
    """Whether `account` stands below `ancestor` in the tree; an account does not stand below itself."""
    above = await tx.accounts.find(account)
    while above is not None and above.parent_id is not None:
        if above.parent_id == ancestor:
            return True
        above = await tx.accounts.find(above.parent_id)
    return False
