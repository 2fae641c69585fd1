"""Organizations and accounts in Postgres."""

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, Row, queries
from dialplane.adapters.postgres.handling import read_screening
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.calling.screening import Screening
from dialplane.domain.errors import AlreadyExists, Invalid, NotFound
from dialplane.domain.ids import AccountId, OrganizationId
from dialplane.domain.tenancy.accounts import Account, AccountStatus, IdentityStatus, Organization, Plan, Role
from dialplane.services.shapes.handling import screening_shape


class PostgresAccountStore:
    """Fulfils `services.tenancy.accounts.AccountStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal
        self._sql = queries("accounts")

    async def insert_organization(self, organization: Organization) -> None:
        await self._connection.execute(
            self._sql["insert_organization"], organization.id, organization.name, organization.created_at
        )
        for domain in organization.domains:
            await self.add_domain(organization.id, domain, organization.created_at)

    async def find_organization(self, organization_id: OrganizationId) -> Organization | None:
        row = await self._connection.fetchrow(self._sql["find_organization"], organization_id)
        return None if row is None else read_organization(row)

    async def list_organizations(self) -> list[Organization]:
        return [read_organization(row) for row in await self._connection.fetch(self._sql["list_organizations"])]

    async def find_organization_by_domain(self, domain: str) -> OrganizationId | None:
        found = await self._connection.fetchval(self._sql["find_organization_by_domain"], domain)
        return None if found is None else OrganizationId(found)

    async def add_domain(self, organization_id: OrganizationId, domain: str, now: datetime) -> None:
        owner = await self._connection.fetchval(self._sql["add_domain"], domain, organization_id, now)
        if owner != organization_id:
            raise AlreadyExists(f"The SIP domain {domain} belongs to another organization", field="domains")

    async def insert(self, account: Account) -> None:
        try:
            await self._connection.execute(
                self._sql["insert_account"],
                account.id,
                account.organization_id,
                account.parent_id,
                self._seal.close(account.auth_token),
                self._seal.close(account.project_token),
                account.created_at,
                *_changeable(account),
            )
        except asyncpg.ForeignKeyViolationError as fault:
            raise Invalid("There is no such organization or parent account", field="organization_id") from fault

    async def find(self, account_id: AccountId, *, for_update: bool = False) -> Account | None:
        name = "find_account_for_update" if for_update else "find_account"
        row = await self._connection.fetchrow(self._sql[name], account_id)
        return None if row is None else read_account(row, self._seal)

    async def hold(self, account_id: AccountId, *, alone: bool = False) -> Account | None:
        name = "hold_account_alone" if alone else "hold_account"
        row = await self._connection.fetchrow(self._sql[name], account_id)
        return None if row is None else read_account(row, self._seal)

    async def get(self, account_id: AccountId) -> Account:
        account = await self.find(account_id)
        if account is None:
            raise NotFound("There is no such customer", reason="CUSTOMER_NOT_FOUND")
        return account

    async def set_screening(self, account_id: AccountId, screening: Screening | None, now: datetime) -> None:
        column = screening and screening_shape(screening)
        await self._connection.execute(self._sql["set_screening"], account_id, column, now)

    async def set_special_destinations(self, account_id: AccountId, ranges: Sequence[str], now: datetime) -> None:
        await self._connection.execute(self._sql["set_special_destinations"], account_id, list(ranges), now)

    async def find_many(self, account_ids: Collection[AccountId]) -> dict[AccountId, Account]:
        rows = await self._connection.fetch(self._sql["find_accounts"], list(account_ids))
        return {row["id"]: read_account(row, self._seal) for row in rows}

    async def find_by_email(self, email: str) -> list[Account]:
        return [
            read_account(row, self._seal)
            for row in await self._connection.fetch(self._sql["find_accounts_by_email"], email)
        ]

    async def list_all(self, *, before: datetime | None, limit: int) -> list[Account]:
        return [
            read_account(row, self._seal)
            for row in await self._connection.fetch(self._sql["list_accounts"], before, limit)
        ]

    async def list_frozen(self, *, before: datetime, limit: int) -> list[AccountId]:
        return [row["id"] for row in await self._connection.fetch(self._sql["list_frozen"], before, limit)]

    async def update(self, account: Account) -> None:
        await self._connection.execute(self._sql["update_account"], account.id, *_changeable(account))


def _changeable(account: Account) -> tuple[object, ...]:
    """In the order of the statements' arguments."""
    return (
        account.status,
        account.identity_status,
        account.plan,
        account.name,
        account.detail,
        account.email,
        account.phone_number,
        account.address,
        account.home_country,
        account.email_verified,
        account.webhook_uri,
        account.webhook_method,
        list(account.destination_whitelist),
        account.metadata,
        account.updated_at,
        account.deleted_at,
        account.role,
        account.suspended_by,
    )


def read_organization(row: asyncpg.Record) -> Organization:
    return Organization(row["id"], row["name"], row["created_at"], tuple(row["domains"]))


def read_account(row: Row, seal: Seal) -> Account:
    return Account(
        id=row["id"],
        organization_id=row["organization_id"],
        parent_id=row["parent_id"],
        status=AccountStatus(row["status"]),
        identity_status=IdentityStatus(row["identity_status"]),
        plan=Plan(row["plan"]),
        auth_token=seal.open(row["auth_token"]),
        project_token=seal.open(row["project_token"]),
        name=row["name"],
        detail=row["detail"],
        email=row["email"],
        phone_number=row["phone_number"],
        address=row["address"],
        home_country=row["home_country"],
        email_verified=row["email_verified"],
        webhook_uri=row["webhook_uri"],
        webhook_method=row["webhook_method"],
        destination_whitelist=tuple(row["destination_whitelist"]),
        metadata=row["metadata"],
        special_destinations=tuple(row["special_destinations"]),
        screening=read_screening(row["screening"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
        role=Role(row["role"]),
        suspended_by=row["suspended_by"],
    )
