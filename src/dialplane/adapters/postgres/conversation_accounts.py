"""Accounts at other networks in Postgres, their secrets sealed."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.conversation_accounts import ConversationAccount, Network

_SQL = queries("conversation_accounts")


class PostgresConversationAccountStore:
    """Fulfils `services.messaging.conversation_accounts.ConversationAccountStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def save(self, account: ConversationAccount) -> None:
        close = self._seal.close
        sealed = replace(
            account,
            secret=close(account.secret),
            token=close(account.token),
            app_secret=close(account.app_secret),
        )
        await self._connection.execute(_SQL["save"], [sealed])

    async def find(self, account_id: AccountId, wanted: UUID) -> ConversationAccount | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id, wanted)
        return None if row is None else self._read(row)

    async def list_for(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> list[ConversationAccount]:
        return [self._read(row) for row in await self._connection.fetch(_SQL["list_for"], account_id, before, limit)]

    async def count(self, account_id: AccountId) -> int:
        return int(await self._connection.fetchval(_SQL["count"], account_id))

    def _read(self, row: asyncpg.Record) -> ConversationAccount:
        opened = {name: self._seal.open(row[name]) for name in ("secret", "token", "app_secret")}
        return ConversationAccount(**{**row, **opened, "type": Network(row["type"])})
