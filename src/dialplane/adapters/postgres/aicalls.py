"""Talks with assistants in Postgres."""

from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId
from dialplane.domain.programs.aicalls import Aicall, AicallStatus, Aimessage

_SQL = queries("aicalls")


class PostgresAicallStore:
    """Fulfils `services.programs.aicalls.AicallStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add_aicall(self, aicall: Aicall) -> bool:
        return await self._connection.fetchval(_SQL["add_aicall"], [aicall]) is not None

    async def save_aicall(self, aicall: Aicall) -> None:
        await self._connection.execute(_SQL["save_aicall"], [aicall])

    async def find_aicall(self, account_id: AccountId, aicall_id: UUID, *, lock: bool = False) -> Aicall | None:
        query = _SQL["lock_aicall" if lock else "find_aicall"]
        row = await self._connection.fetchrow(query, account_id, aicall_id)
        return None if row is None else _aicall(row)

    async def list_aicalls(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Aicall]:
        return [_aicall(row) for row in await self._connection.fetch(_SQL["list_aicalls"], account_id, before, limit)]

    async def lock_left_aicalls(self, *, limit: int) -> list[Aicall]:
        return [_aicall(row) for row in await self._connection.fetch(_SQL["lock_left_aicalls"], limit)]

    async def add_aimessages(self, messages: list[Aimessage]) -> None:
        await self._connection.execute(_SQL["add_aimessages"], messages)

    async def find_aimessage(self, account_id: AccountId, message_id: UUID) -> Aimessage | None:
        row = await self._connection.fetchrow(_SQL["find_aimessage"], account_id, message_id)
        return None if row is None else Aimessage(**row)

    async def list_aimessages(
        self, account_id: AccountId, aicall_id: UUID, *, before: datetime | None, limit: int
    ) -> list[Aimessage]:
        rows = await self._connection.fetch(_SQL["list_aimessages"], account_id, aicall_id, before, limit)
        return [Aimessage(**row) for row in rows]

    async def count_aimessages(self, aicall_id: UUID) -> int:
        return int(await self._connection.fetchval(_SQL["count_aimessages"], aicall_id))

    async def delete_aimessage(self, message_id: UUID, now: datetime) -> None:
        await self._connection.execute(_SQL["delete_aimessage"], message_id, now)


def _aicall(row: asyncpg.Record) -> Aicall:
    return Aicall(**{**row, "status": AicallStatus(row["status"])})
