"""Accounts for tests that only need one to exist."""

from datetime import datetime

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, new_id


async def make_account(database: PostgresDatabase, now: datetime) -> AccountId:
    """A verified account on the professional plan in an organization of its own."""
    organization_id, account_id = new_id(now), AccountId(new_id(now))
    async with database.transaction() as tx:
        await tx.connection.execute(
            "insert into organizations (id, name, created_at) values ($1, 'Test', $2)", organization_id, now
        )
        await tx.connection.execute(
            """
            insert into accounts (
                id, organization_id, status, identity_status, plan, auth_token, project_token,
                destination_whitelist, created_at
            )
            values ($1, $2, 'active', 'verified', 'professional', 'secret', 'secret', '{us,gb}', $3)
            """,
            account_id,
            organization_id,
            now,
        )
    return account_id
