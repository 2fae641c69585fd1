"""Campaigns, the targets of outdials and the calls of campaigns in Postgres."""

from datetime import datetime
from typing import TypeVar
from uuid import UUID

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.campaigns.campaigns import Campaign, Campaigncall, Standing
from dialplane.domain.campaigns.outdials import OutdialTarget
from dialplane.domain.ids import AccountId

_SQL = queries("campaigns")
ValueT = TypeVar("ValueT")


def _read(row: asyncpg.Record, kind: type[ValueT]) -> ValueT:
    return msgspec.convert(dict(row), kind, strict=False)


class PostgresCampaignStore:
    """Fulfils `OutdialTargetStore`, `CampaignStore` and `CampaigncallStore` of `services.campaigns`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def _one(self, kind: type[ValueT], query: str, *values: object) -> ValueT | None:
        row = await self._connection.fetchrow(_SQL[query], *values)
        return None if row is None else _read(row, kind)

    async def _many(self, kind: type[ValueT], query: str, *values: object) -> list[ValueT]:
        return [_read(row, kind) for row in await self._connection.fetch(_SQL[query], *values)]

    async def save_targets(self, targets: list[OutdialTarget]) -> None:
        await self._connection.execute(_SQL["save_targets"], targets)

    async def find_target(self, account_id: AccountId, outdial_id: UUID, target_id: UUID) -> OutdialTarget | None:
        return await self._one(OutdialTarget, "find_target", account_id, outdial_id, target_id)

    async def lock_target(self, target_id: UUID) -> OutdialTarget:
        (found,) = await self._many(OutdialTarget, "lock_target", target_id)
        return found

    async def list_targets(
        self, account_id: AccountId, outdial_id: UUID, *, before: datetime | None, limit: int
    ) -> list[OutdialTarget]:
        return await self._many(OutdialTarget, "list_targets", account_id, outdial_id, before, limit)

    async def lock_due(self, outdial_id: UUID, *, now: datetime, limit: int) -> list[OutdialTarget]:
        return await self._many(OutdialTarget, "lock_due", outdial_id, now, limit)

    async def is_waiting(self, outdial_id: UUID) -> bool:
        return bool(await self._connection.fetchval(_SQL["is_waiting"], outdial_id))

    async def save_campaign(self, campaign: Campaign) -> None:
        await self._connection.execute(_SQL["save_campaign"], [campaign])

    async def find_campaign(self, account_id: AccountId, campaign_id: UUID, *, lock: bool = False) -> Campaign | None:
        return await self._one(Campaign, "lock_campaign" if lock else "find_campaign", account_id, campaign_id)

    async def list_campaigns(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Campaign]:
        return await self._many(Campaign, "list_campaigns", account_id, before, limit)

    async def at_work(self, *, limit: int) -> list[tuple[AccountId, UUID]]:
        rows = await self._connection.fetch(_SQL["at_work"], limit)
        return [(AccountId(row["account_id"]), row["id"]) for row in rows]

    async def count_available(self, queue_id: UUID) -> int:
        found: int = await self._connection.fetchval(_SQL["count_available"], queue_id)
        return found

    async def save_calls(self, calls: list[Campaigncall]) -> None:
        await self._connection.execute(_SQL["save_calls"], calls)

    async def find_call(self, account_id: AccountId, call_id: UUID) -> Campaigncall | None:
        return await self._one(Campaigncall, "find_call", account_id, call_id)

    async def list_calls(
        self, account_id: AccountId, campaign_id: UUID | None, *, before: datetime | None, limit: int
    ) -> list[Campaigncall]:
        return await self._many(Campaigncall, "list_calls", account_id, campaign_id, before, limit)

    async def open_calls(self, campaign_id: UUID) -> list[Standing]:
        return await self._many(Standing, "open_calls", campaign_id)
