"""Extensions in Postgres."""

from dataclasses import asdict
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.number_settings import read_fetch
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.calling.extensions import Extension
from dialplane.domain.calling.media import SrtpPolicy
from dialplane.domain.ids import AccountId, ExtensionId, OrganizationId
from dialplane.domain.numbering.number_settings import Fetch


class PostgresExtensionStore:
    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal
        self._sql = queries("extensions")

    async def insert(self, extension: Extension) -> bool:
        made = await self._connection.fetchval(
            self._sql["insert"],
            extension.id,
            extension.account_id,
            extension.organization_id,
            extension.extension,
            self._seal.close(extension.password),
            extension.name,
            extension.detail,
            extension.direct_hash,
            extension.created_at,
            extension.is_enabled,
            _voice(extension),
            extension.is_push_enabled,
            extension.srtp.value,
            list(extension.codecs),
        )
        return made is not None

    async def update(self, extension: Extension) -> None:
        await self._connection.execute(
            self._sql["update"],
            extension.id,
            self._seal.close(extension.password),
            extension.name,
            extension.detail,
            extension.direct_hash,
            extension.updated_at,
            extension.deleted_at,
            extension.is_enabled,
            _voice(extension),
            extension.is_push_enabled,
            extension.srtp.value,
            list(extension.codecs),
        )

    async def find(self, account_id: AccountId, extension_id: ExtensionId) -> Extension | None:
        row = await self._connection.fetchrow(self._sql["find"], account_id, extension_id)
        return None if row is None else _extension(row, self._seal)

    async def find_in_organization(self, organization_id: OrganizationId, name: str) -> Extension | None:
        row = await self._connection.fetchrow(self._sql["find_in_organization"], organization_id, name)
        return None if row is None else _extension(row, self._seal)

    async def query(self, account_id: AccountId, *, offset: int, limit: int) -> list[Extension]:
        rows = await self._connection.fetch(self._sql["query"], account_id, offset, limit)
        return [_extension(row, self._seal) for row in rows]

    async def find_by_direct_hash(self, direct_hash: str) -> Extension | None:
        row = await self._connection.fetchrow(self._sql["find_by_direct_hash"], direct_hash)
        return None if row is None else _extension(row, self._seal)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Extension]:
        rows = await self._connection.fetch(self._sql["list_for"], account_id, before, limit)
        return [_extension(row, self._seal) for row in rows]

    async def count(self, account_id: AccountId) -> int:
        found: int = await self._connection.fetchval(self._sql["count"], account_id)
        return found


def _extension(row: asyncpg.Record, seal: Seal) -> Extension:
    read = {
        "voice": read_fetch(row["voice"]),
        "password": seal.open(row["password"]),
        "srtp": SrtpPolicy(row["srtp"]),
        "codecs": tuple(row["codecs"]),
    }
    return Extension(**(dict(row) | read))


def _voice(extension: Extension) -> dict[str, object]:
    """The column; nothing but defaults is an empty object."""
    return {} if extension.voice == Fetch() else asdict(extension.voice)
