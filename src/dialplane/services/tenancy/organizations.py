"""Organizations as an account sees them: its own, and those that the account at the top of a tree made beside it."""

from dataclasses import dataclass, replace
from datetime import datetime

from dialplane.domain.errors import AlreadyExists, Invalid, NotFound, NotPermitted
from dialplane.domain.ids import AccountId, OrganizationId, new_id
from dialplane.domain.tenancy.accounts import Account, Organization
from dialplane.services.tenancy.accounts import is_descendant, load_account
from dialplane.services.transaction import Database, Transaction

LONGEST_DOMAIN = 255
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True, slots=True)
class SeenOrganization:
    """An organization is closed when all its accounts are."""

    organization: Organization
    is_closed: bool


async def organizations_of(database: Database, account: Account) -> list[SeenOrganization]:
    """Oldest first. Who is not at the top of its tree sees its own only."""
    maker = account.id if account.parent_id is None else None
    async with database.reading() as tx:
        found = await tx.account_tree.organizations_of(account.organization_id, maker)
    return [SeenOrganization(organization, is_closed) for organization, is_closed in found]


async def get_organization(database: Database, account: Account, organization_id: OrganizationId) -> SeenOrganization:
    """Raises NotFound for those that the account does not see too; NotPermitted where, not being at the top, it asks
    for another than its own."""
    for seen in await organizations_of(database, account):
        if seen.organization.id == organization_id:
            return seen
    if account.parent_id is not None:
        raise NotPermitted("You may read your own organization only", reason="PERMISSION_DENIED")
    raise NotFound("There is no such organization", reason="ORGANIZATION_NOT_FOUND")


async def get_own_organization(
    database: Database, account: Account, organization_id: OrganizationId
) -> SeenOrganization:
    """As `get_organization`, for the account at the top of a tree only. Raises NotPermitted for all others."""
    _require_top(account, "changes organizations")
    return await get_organization(database, account, organization_id)


async def migrate_account(
    database: Database, caller: Account, account_id: AccountId, organization_id: OrganizationId, now: datetime
) -> Account:
    """Move an account and all below it, with numbers and phones, to an organization that the caller sees.

    Raises NotPermitted where the caller is not at the top of its tree; Invalid for an account at the top; NotFound for
    an account that is not below the caller, and for the organization; AlreadyExists where the organization has one of
    the short codes, patterns or channels.
    """
    _require_top(caller, "moves accounts")
    if account_id == caller.id:
        raise Invalid("The account at the top cannot be moved", reason="INVALID_ARGUMENT", field="account_id")
    async with database.transaction() as tx:
        if not await is_descendant(tx, caller.id, account_id):
            raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
        account = await load_account(tx, account_id, for_update=True)
        await _check_known(tx, caller, organization_id)
        below = await tx.account_tree.lock_below(account_id)
        moved = [account_id, *(each.id for each in below)]
        await tx.account_tree.move_to_organization(moved, organization_id, caller.id, now)
    return replace(account, organization_id=organization_id, updated_at=now)


async def migrate_numbers(
    database: Database, caller: Account, account: Account, organization_id: OrganizationId, now: datetime
) -> None:
    """Move the numbers of an account and of all below it to an organization that the caller sees; the accounts stay.

    `account` is the caller or below it. Raises NotPermitted where the caller is not at the top of its tree; Invalid
    where the account is; NotFound for the organization; AlreadyExists as `migrate_account` does.
    """
    _require_top(caller, "moves numbers")
    if account.parent_id is None:
        raise Invalid("The numbers of the account at the top cannot be moved", field="account_id")
    async with database.transaction() as tx:
        await load_account(tx, account.id, for_update=True)
        await _check_known(tx, caller, organization_id)
        below = await tx.account_tree.lock_below(account.id)
        holders = [account.id, *(each.id for each in below)]
        await tx.account_tree.move_numbers(holders, organization_id, caller.id, now)


async def create_domain(database: Database, account: Account, label: str, now: datetime) -> SeenOrganization:
    """An organization whose SIP domain is `label` below the first domain of the account's own.

    Raises NotPermitted where the account is not at the top of its tree, Invalid, AlreadyExists (the domain is taken).
    """
    _require_top(account, "makes organizations")
    label = label.lower()
    if not label or not _LABEL.issuperset(label):
        raise Invalid("A domain name has letters, digits and hyphens", reason="INVALID_ARGUMENT", field="domain_name")
    async with database.transaction() as tx:
        own = await tx.accounts.find_organization(account.organization_id)
        above = own.domains[0] if own and own.domains else ""
        domain = f"{label}.{above}" if above else label
        if len(domain) > LONGEST_DOMAIN:
            raise Invalid(f"A domain has at most {LONGEST_DOMAIN} characters", field="domain_name")
        if await tx.accounts.find_organization_by_domain(domain) is not None:
            raise AlreadyExists(f"The domain {domain} is taken", reason="ALREADY_EXISTS", field="domain_name")
        organization = Organization(OrganizationId(new_id(now)), domain, now, (domain,))
        await tx.account_tree.add_organization(organization, account.id)
        await tx.accounts.add_domain(organization.id, domain, now)
    return SeenOrganization(organization, is_closed=False)


def _require_top(account: Account, does: str) -> None:
    if account.parent_id is not None:
        raise NotPermitted(f"Only the account at the top {does}", reason="PERMISSION_DENIED")


async def _check_known(tx: Transaction, caller: Account, organization_id: OrganizationId) -> None:
    known = await tx.account_tree.organizations_of(caller.organization_id, caller.id)
    if organization_id not in {organization.id for organization, _ in known}:
        raise NotFound("There is no such organization", reason="ORGANIZATION_NOT_FOUND", field="organization_id")
