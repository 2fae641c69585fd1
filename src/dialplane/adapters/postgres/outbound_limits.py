"""Limits of outgoing calls in Postgres."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, astuple
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.calling.outbound_limits import OutboundLimits, OutboundPause, OutboundStanding, OutboundUse
from dialplane.domain.ids import AccountId

_SQL = queries("outbound_limits")


class PostgresOutboundLimitStore:
    """Fulfils `services.calling.outbound_limits.OutboundLimitStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, accounts: Collection[AccountId]) -> dict[AccountId, OutboundStanding]:
        rows = await self._connection.fetch(_SQL["lock"], list(accounts))
        return {AccountId(row["account_id"]): _standing(row) for row in rows}

    async def use_of(self, accounts: Collection[AccountId], now: datetime) -> dict[AccountId, OutboundUse]:
        rows = await self._connection.fetch(_SQL["use_of"], list(accounts), now)
        return {AccountId(account_id): OutboundUse(*counts) for account_id, *counts in rows}

    async def minutes_of(self, accounts: Collection[AccountId], now: datetime) -> Mapping[AccountId, Mapping[str, int]]:
        found: dict[AccountId, dict[str, int]] = {}
        for row in await self._connection.fetch(_SQL["minutes_of"], list(accounts), now):
            found.setdefault(AccountId(row["account_id"]), {})[row["number"]] = row["minutes"]
        return found

    async def messages_of(self, account_id: AccountId, now: datetime) -> Mapping[str, int]:
        rows = await self._connection.fetch(_SQL["messages_of"], account_id, now)
        return {row["number"]: row["messages"] for row in rows}

    async def find(self, account_id: AccountId) -> OutboundStanding | None:
        row = await self._connection.fetchrow(_SQL["find"], account_id)
        return None if row is None else _standing(row)

    async def save(self, account_id: AccountId, limits: OutboundLimits, now: datetime) -> None:
        await self._connection.execute(_SQL["save"], account_id, *astuple(limits), now)

    async def note_told(self, account_id: AccountId, limit: str, now: datetime, *, told_before: datetime) -> bool:
        return await self._connection.fetchval(_SQL["note_told"], account_id, limit, now, told_before) is not None

    async def open(self, account_id: AccountId, now: datetime) -> None:
        await self._connection.execute(_SQL["open"], account_id, now)

    async def pause(self, account_id: AccountId, says: str, now: datetime) -> bool:
        return await self._connection.fetchval(_SQL["pause"], account_id, says, now) is not None

    async def lift(self, account_id: AccountId, now: datetime) -> bool:
        return await self._connection.fetchval(_SQL["lift"], account_id, now) is not None


def _standing(row: asyncpg.Record) -> OutboundStanding:
    limits = OutboundLimits(**{name: row[name] for name in asdict(OutboundLimits())})
    return OutboundStanding(limits, OutboundPause(row["paused_at"], row["pause_says"]) if row["paused_at"] else None)
