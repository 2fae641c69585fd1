"""Accounts for tests that need somebody to own things, written without the use cases that other tests are about."""

from datetime import UTC, datetime

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, new_id

CREATED_AT = datetime(2026, 1, 1, tzinfo=UTC)


async def add_account(
    database: PostgresDatabase, *, status: str = "active", identity_status: str = "verified", plan: str = "free"
) -> AccountId:
    """An account in an organization of its own."""
    account_id = AccountId(new_id(CREATED_AT))
    async with database.transaction() as tx:
        await tx.connection.execute(
            "insert into organizations (id, name, created_at) values ($1, 'Test', $2)", account_id, CREATED_AT
        )
        await tx.connection.execute(
            "insert into accounts (id, organization_id, name, status, identity_status, plan, auth_token, project_token,"
            " destination_whitelist, created_at) values ($1, $1, 'Test', $2, $3, $4, 'auth', 'project', '{us,gb}', $5)",
            account_id, status, identity_status, plan, CREATED_AT,
        )  # fmt: skip
    return account_id
