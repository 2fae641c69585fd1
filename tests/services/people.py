"""Makes organizations and accounts for the tests of services."""

from datetime import UTC, datetime

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, AgentId, OrganizationId, new_id
from dialplane.domain.tenancy.accounts import (
    Account,
    AccountStatus,
    Agent,
    IdentityStatus,
    Organization,
    Permission,
    Plan,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


async def make_account(
    database: PostgresDatabase, *, status: AccountStatus = AccountStatus.ACTIVE, name: str = "Acme"
) -> Account:
    """An account in an organization of its own."""
    organization = Organization(OrganizationId(new_id(NOON)), "Acme", NOON)
    account = Account(
        id=AccountId(new_id(NOON)),
        organization_id=organization.id,
        status=status,
        identity_status=IdentityStatus.VERIFIED,
        plan=Plan.FREE,
        auth_token="a" * 32,
        project_token="p" * 32,
        created_at=NOON,
        name=name,
    )
    async with database.transaction() as tx:
        await tx.accounts.insert_organization(organization)
        await tx.accounts.insert(account)
    return account


async def make_agent(database: PostgresDatabase, account: Account, username: str, password_hash: str) -> Agent:
    agent = Agent(
        id=AgentId(new_id(NOON)),
        account_id=account.id,
        username=username,
        password_hash=password_hash,
        permission=Permission.CUSTOMER_ADMIN,
        created_at=NOON,
    )
    async with database.transaction() as tx:
        await tx.agents.insert(agent)
    return agent
