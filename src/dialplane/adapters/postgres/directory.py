"""Organizations and accounts as the operator looks for them, in Postgres."""

from collections.abc import Sequence
from uuid import UUID

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId
from dialplane.domain.tenancy.accounts import AccountStatus, Plan
from dialplane.services.operating.directory import AccountQuery, AccountRow, OrganizationRow

_SQL = queries("directory")


class PostgresDirectoryStore:
    """Fulfils `services.operating.directory.DirectoryStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def search_accounts(
        self, query: AccountQuery, *, exactly: UUID | None, before: UUID | None, limit: int
    ) -> Sequence[AccountRow]:
        rows = await self._connection.fetch(
            _SQL["search_accounts"], query.text, exactly, query.status, query.plan, query.organization_id, before, limit
        )
        return [
            AccountRow(**{**row, "status": AccountStatus(row["status"]), "plan": Plan(row["plan"])}) for row in rows
        ]

    async def search_organizations(self, text: str, *, before: UUID | None, limit: int) -> Sequence[OrganizationRow]:
        rows = await self._connection.fetch(_SQL["search_organizations"], text, before, limit)
        return [OrganizationRow(**row) for row in rows]

    async def count_numbers(self, account_id: AccountId) -> int:
        return int(await self._connection.fetchval(_SQL["count_numbers"], account_id))
