"""The tree of accounts in Postgres."""

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.accounts import read_account, read_organization
from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.numbers import raise_if_taken
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.ids import AccountId, ItemId, NumberId, OrderId, OrganizationId
from dialplane.domain.tenancy.account_tree import AccountQuery
from dialplane.domain.tenancy.accounts import Account, Organization

_SQL = queries("account_tree")
_ENDED_WITH_AN_ACCOUNT = (
    "end_keys",
    "end_agents",
    "end_extensions",
    "end_trunks",
    "end_pbx_trunks",
    "end_flows",
    "end_applications",
)


class PostgresAccountTreeStore:
    """Fulfils `services.tenancy.account_tree.AccountTreeStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def lock_below(self, account_id: AccountId) -> list[Account]:
        await self._connection.fetch(_SQL["lock_below"], account_id)
        # Again: the first statement does not see who was added while it waited for its locks; nobody can be added now.
        return [read_account(row, self._seal) for row in await self._connection.fetch(_SQL["lock_below"], account_id)]

    async def ids_below(self, account_id: AccountId) -> list[AccountId]:
        return [AccountId(row["id"]) for row in await self._connection.fetch(_SQL["ids_below"], account_id)]

    async def query(self, query: AccountQuery) -> tuple[list[Account], int]:
        rows = await self._connection.fetch(
            _SQL["query"],
            query.root,
            query.with_root,
            query.whole_tree,
            query.name,
            list(query.statuses),
            query.organization_id,
            query.offset,
            query.limit,
        )
        return [read_account(row, self._seal) for row in rows], rows[0]["total"] if rows else 0

    async def count_children(self, account_id: AccountId) -> int:
        return int(await self._connection.fetchval(_SQL["count_children"], account_id))

    async def set_auth_token(self, account_id: AccountId, token: str, now: datetime) -> None:
        await self._connection.execute(_SQL["set_auth_token"], account_id, self._seal.close(token), now)

    async def set_project_token(self, account_id: AccountId, token: str, now: datetime) -> None:
        await self._connection.execute(_SQL["set_project_token"], account_id, self._seal.close(token), now)

    async def move_to_organization(
        self, accounts: Collection[AccountId], organization_id: OrganizationId, by: AccountId, now: datetime
    ) -> None:
        await self.move_numbers(accounts, organization_id, by, now)
        for name in ("move_accounts", "move_extensions"):
            await self._connection.execute(_SQL[name], list(accounts), organization_id, now)

    async def move_numbers(
        self, accounts: Collection[AccountId], organization_id: OrganizationId, by: AccountId, now: datetime
    ) -> None:
        try:
            await self._connection.execute(_SQL["move_numbers"], list(accounts), organization_id, now, by)
        except asyncpg.UniqueViolationError as fault:
            raise_if_taken(fault)
            raise

    async def numbers_of(self, accounts: Collection[AccountId]) -> list[tuple[AccountId, NumberId]]:
        rows = await self._connection.fetch(_SQL["numbers_of"], list(accounts))
        return [(AccountId(row["account_id"]), NumberId(row["id"])) for row in rows]

    async def open_orders_of(self, accounts: Collection[AccountId]) -> list[OrderId]:
        return [OrderId(row["id"]) for row in await self._connection.fetch(_SQL["open_orders_of"], list(accounts))]

    async def has_open_ports(self, accounts: Collection[AccountId]) -> bool:
        found: bool = await self._connection.fetchval(_SQL["has_open_ports"], list(accounts))
        return found

    async def reserved_items_of(self, accounts: Collection[AccountId]) -> list[ItemId]:
        rows = await self._connection.fetch(_SQL["reserved_items_of"], list(accounts))
        return [ItemId(row["item_id"]) for row in rows]

    async def open_holds_of(self, accounts: Collection[AccountId]) -> list[str]:
        return [row["key"] for row in await self._connection.fetch(_SQL["open_holds_of"], list(accounts))]

    async def end_belongings(self, accounts: Collection[AccountId], now: datetime) -> None:
        await self._connection.execute(_SQL["end_bindings"], list(accounts))
        for name in _ENDED_WITH_AN_ACCOUNT:
            await self._connection.execute(_SQL[name], list(accounts), now)

    async def add_organization(self, organization: Organization, made_by: AccountId) -> None:
        await self._connection.execute(
            _SQL["add_organization"], organization.id, organization.name, organization.created_at, made_by
        )

    async def organizations_of(
        self, organization_id: OrganizationId, made_by: AccountId | None
    ) -> Sequence[tuple[Organization, bool]]:
        rows = await self._connection.fetch(_SQL["organizations_of"], organization_id, made_by)
        return [(read_organization(row), row["is_closed"]) for row in rows]
