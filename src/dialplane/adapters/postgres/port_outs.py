"""Requests for our numbers in Postgres, and the PINs that they need."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.port_outs import PortOut, PortOutStatus

_SQL = queries("port_outs")


class PostgresPortOutStore:
    """Fulfils `services.numbering.port_outs.PortOutStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, asked: PortOut) -> None:
        await self._connection.execute(
            _SQL["add"], asked.id, asked.account_id, asked.number_id, asked.number, asked.carrier, asked.status,
            asked.reason, asked.decide_by, asked.leaves_at, asked.created_at, asked.updated_at, asked.ended_at,
        )  # fmt: skip

    async def save(self, asked: PortOut) -> None:
        await self._connection.execute(
            _SQL["save"], asked.id, asked.status, asked.reason, asked.leaves_at, asked.updated_at, asked.ended_at
        )

    async def find(self, account_id: AccountId | None, asked_id: UUID, *, lock: bool = False) -> PortOut | None:
        return _read(await self._connection.fetchrow(_SQL["lock" if lock else "find"], asked_id, account_id))

    async def find_open(self, number_id: NumberId) -> PortOut | None:
        return _read(await self._connection.fetchrow(_SQL["find_open"], number_id))

    async def list_for(
        self, account_id: AccountId | None, *, status: PortOutStatus | None, before: datetime | None, limit: int
    ) -> list[PortOut]:
        rows = await self._connection.fetch(_SQL["list_for"], account_id, status, before, limit)
        return [_made(row) for row in rows]

    async def due(self, now: datetime) -> PortOut | None:
        return _read(await self._connection.fetchrow(_SQL["due"], now))

    async def has_left(self, number: Number) -> bool:
        return bool(await self._connection.fetchval(_SQL["has_left"], number.id, number.number))

    async def gone(self, numbers: Sequence[str]) -> set[str]:
        return {row["number"] for row in await self._connection.fetch(_SQL["gone"], numbers)}

    async def set_pin(self, account_id: AccountId, pin_hash: bytes, now: datetime) -> None:
        await self._connection.execute(_SQL["set_pin"], account_id, pin_hash, now)

    async def find_pin(self, account_id: AccountId) -> bytes | None:
        found: bytes | None = await self._connection.fetchval(_SQL["find_pin"], account_id)
        return found


def _read(row: asyncpg.Record | None) -> PortOut | None:
    return None if row is None else _made(row)


def _made(row: asyncpg.Record) -> PortOut:
    return PortOut(
        id=row["id"],
        account_id=AccountId(row["account_id"]),
        number_id=NumberId(row["number_id"]),
        number=row["number"],
        carrier=row["carrier"],
        status=PortOutStatus(row["status"]),
        decide_by=row["decide_by"],
        leaves_at=row["leaves_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        reason=row["reason"],
        ended_at=row["ended_at"],
    )
