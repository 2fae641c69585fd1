"""Access keys in Postgres."""

from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccessKeyId, AccountId
from dialplane.domain.tenancy.accounts import AccessKey, AccountStatus
from dialplane.services.identity.access_keys import KeyHolder


class PostgresAccessKeyStore:
    """Fulfils `services.identity.access_keys.AccessKeyStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sql = queries("access_keys")

    async def insert(self, key: AccessKey) -> None:
        await self._connection.execute(
            self._sql["insert_key"],
            key.id,
            key.account_id,
            key.name,
            key.detail,
            key.token_hash,
            key.token_prefix,
            key.expires_at,
            key.created_at,
            key.updated_at,
        )

    async def find(self, key_id: AccessKeyId) -> AccessKey | None:
        row = await self._connection.fetchrow(self._sql["find_key"], key_id)
        return None if row is None else _key(row)

    async def find_holder(self, token_hash: bytes) -> KeyHolder | None:
        row = await self._connection.fetchrow(self._sql["find_holder"], token_hash)
        if row is None:
            return None
        return KeyHolder(
            row["id"], row["account_id"], AccountStatus(row["status"]), row["expires_at"], row["last_used_at"]
        )

    async def list_by_account(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[AccessKey]:
        rows = await self._connection.fetch(self._sql["list_keys"], account_id, before, limit)
        return [_key(row) for row in rows]

    async def update(self, key: AccessKey) -> None:
        await self._connection.execute(
            self._sql["update_key"], key.id, key.name, key.detail, key.updated_at, key.deleted_at
        )

    async def touch(self, key_id: AccessKeyId, now: datetime) -> None:
        await self._connection.execute(self._sql["touch_key"], key_id, now)


def _key(row: asyncpg.Record) -> AccessKey:
    return AccessKey(
        id=row["id"],
        account_id=row["account_id"],
        token_hash=row["token_hash"],
        token_prefix=row["token_prefix"],
        name=row["name"],
        detail=row["detail"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
    )
