"""Numbers in Postgres."""

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, Row, queries
from dialplane.adapters.postgres.handling import read_handling
from dialplane.adapters.postgres.number_search import count_sql, page_sql
from dialplane.adapters.postgres.number_settings import read_settings, write_settings
from dialplane.adapters.postgres.targets import read_targets, write_targets
from dialplane.domain.errors import AlreadyExists
from dialplane.domain.ids import AccountId, FlowId, ItemId, NumberId, OrganizationId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.number_queries import NumberQuery
from dialplane.domain.numbering.numbers import Number, NumberFilter, NumberKind, NumberStatus, SuspendedFor
from dialplane.services.shapes.handling import handling_shape

_SQL = queries("numbers")
_COLUMNS = (
    "id", "account_id", "organization_id", "number", "kind", "status", "suspended_for", "voice_target",
    "message_target", "refer_target", "name", "detail", "tags", "metadata", "protected", "country", "capabilities",
    "item_id", "carrier", "monthly_micros", "purchased_at", "renews_at", "look_at", "warned_days", "created_at",
    "updated_at", "released_at", "grace_until", "idempotency_key", "settings", "handling",
)  # fmt: skip


class PostgresNumberStore:
    """Fulfils `services.numbering.numbers.NumberStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, number: Number) -> None:
        await self._write(_SQL["add"], number)

    async def add_many(self, numbers: Sequence[Number]) -> None:
        try:
            rows = [dict(zip(_COLUMNS, _values(number), strict=True)) for number in numbers]
            await self._connection.execute(_SQL["add_many"], rows)
        except asyncpg.UniqueViolationError as fault:
            raise_if_taken(fault)
            raise

    async def save(self, number: Number) -> None:
        await self._write(_SQL["save"], number)

    async def _write(self, sql: str, number: Number) -> None:
        try:
            await self._connection.execute(sql, *_values(number))
        except asyncpg.UniqueViolationError as fault:
            raise_if_taken(fault)
            raise

    async def find(self, account_id: AccountId, number_id: NumberId) -> Number | None:
        row = await self._connection.fetchrow(_SQL["find"], number_id, account_id)
        return None if row is None else read_number(row)

    async def find_by_key(self, account_id: AccountId, idempotency_key: str) -> Number | None:
        row = await self._connection.fetchrow(_SQL["find_by_key"], account_id, idempotency_key)
        return None if row is None else read_number(row)

    async def find_locked(self, account_id: AccountId | None, number_id: NumberId) -> Number | None:
        row = await self._connection.fetchrow(_SQL["find_locked"], number_id, account_id)
        return None if row is None else read_number(row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Number]:
        return [read_number(row) for row in await self._connection.fetch(_SQL["list_for"], account_id, before, limit)]

    async def search(self, account_id: AccountId, query: NumberQuery) -> tuple[list[Number], int]:
        sql, arguments = page_sql(account_id, query)
        rows = await self._connection.fetch(sql, *arguments)
        sql, arguments = count_sql(account_id, query)
        return [read_number(row) for row in rows], int(await self._connection.fetchval(sql, *arguments))

    async def list_fitting(
        self, account_id: AccountId, wanted: NumberFilter, *, before: datetime | None, limit: int
    ) -> list[Number]:
        rows = await self._connection.fetch(
            _SQL["list_fitting"], account_id, before, limit, wanted.statuses, wanted.kinds, wanted.contains,
            wanted.name, wanted.tags, list(wanted.metadata), list(wanted.metadata.values()),
        )  # fmt: skip
        return [read_number(row) for row in rows]

    async def list_after(
        self, account_id: AccountId, wanted: NumberFilter, *, after: NumberId | None, limit: int
    ) -> list[Number]:
        asked = (
            account_id, after, limit, wanted.statuses, wanted.kinds, wanted.contains, wanted.name, wanted.capabilities,
        )  # fmt: skip
        if wanted.tags:
            rows = await self._connection.fetch(_SQL["list_tagged_after"], *asked, wanted.tags)
        else:
            rows = await self._connection.fetch(_SQL["list_after"], *asked)
        return [read_number(row) for row in rows]

    async def list_released(
        self, account_id: AccountId, *, since: datetime, before: datetime | None, limit: int
    ) -> list[Number]:
        rows = await self._connection.fetch(_SQL["list_released"], account_id, since, before, limit)
        return [read_number(row) for row in rows]

    async def find_live(self, numbers: Sequence[str]) -> list[Number]:
        return [read_number(row) for row in await self._connection.fetch(_SQL["find_live"], numbers)]

    async def find_many(self, number_ids: Collection[NumberId]) -> list[Number]:
        return [read_number(row) for row in await self._connection.fetch(_SQL["find_many"], list(number_ids))]

    async def find_caller_id(self, account_id: AccountId) -> Number | None:
        row = await self._connection.fetchrow(_SQL["find_caller_id"], account_id)
        return None if row is None else read_number(row)

    async def find_with_address(self, account_id: AccountId) -> Number | None:
        row = await self._connection.fetchrow(_SQL["find_with_address"], account_id)
        return None if row is None else read_number(row)

    async def taken(self, numbers: Sequence[str], *, since: datetime) -> set[str]:
        return {row["number"] for row in await self._connection.fetch(_SQL["taken"], numbers, since)}

    async def count_virtual(self, account_id: AccountId) -> int:
        return int(await self._connection.fetchval(_SQL["count_virtual"], account_id))

    async def using_flow(self, account_id: AccountId, flow_id: FlowId, *, limit: int) -> list[Number]:
        rows = await self._connection.fetch(_SQL["using_flow"], account_id, str(flow_id), limit)
        return [read_number(row) for row in rows]

    async def clear_flow(self, flow_id: FlowId, now: datetime) -> list[NumberId]:
        rows = await self._connection.fetch(_SQL["clear_flow"], str(flow_id), now)
        return [NumberId(row["id"]) for row in rows]

    async def due(self, now: datetime, *, limit: int) -> list[Number]:
        return [read_number(row) for row in await self._connection.fetch(_SQL["due"], now, limit)]

    async def renewable_before(self, moment: datetime, *, limit: int) -> list[Number]:
        return [read_number(row) for row in await self._connection.fetch(_SQL["renewable_before"], moment, limit)]

    async def hasten_unpaid(self, account_id: AccountId) -> None:
        await self._connection.execute(_SQL["hasten_unpaid"], account_id)


def raise_if_taken(fault: asyncpg.UniqueViolationError) -> None:
    """Raises AlreadyExists where it was a number's uniqueness that was violated (NUM-1)."""
    if fault.constraint_name in ("numbers_live", "numbers_live_in_organization"):
        raise AlreadyExists("The number is taken", reason="ALREADY_EXISTS", field="number") from fault


def _values(number: Number) -> tuple[object, ...]:
    return (
        number.id, number.account_id, number.organization_id, number.number, number.kind, number.status,
        number.suspended_for, *write_targets(number.targets), number.name, number.detail, number.tags, number.metadata,
        number.protected, number.country, number.capabilities, number.item_id, number.carrier, number.monthly_micros,
        number.purchased_at, number.renews_at, number.look_at, number.warned_days, number.created_at,
        number.updated_at, number.released_at, number.grace_until, number.idempotency_key,
        write_settings(number.settings), handling_shape(number.handling),
    )  # fmt: skip


def read_number(row: Row) -> Number:
    return Number(
        id=NumberId(row["id"]),
        account_id=AccountId(row["account_id"]),
        organization_id=OrganizationId(row["organization_id"]),
        number=row["number"],
        kind=NumberKind(row["kind"]),
        status=NumberStatus(row["status"]),
        created_at=row["created_at"],
        targets=read_targets(row["voice_target"], row["message_target"], row["refer_target"]),
        name=row["name"],
        detail=row["detail"],
        tags=tuple(row["tags"]),
        metadata=row["metadata"],
        protected=row["protected"],
        suspended_for=SuspendedFor(row["suspended_for"]),
        country=row["country"],
        capabilities=tuple(row["capabilities"]),
        item_id=None if row["item_id"] is None else ItemId(row["item_id"]),
        carrier=row["carrier"],
        monthly_micros=Micros(row["monthly_micros"]),
        purchased_at=row["purchased_at"],
        renews_at=row["renews_at"],
        look_at=row["look_at"],
        warned_days=row["warned_days"],
        updated_at=row["updated_at"],
        released_at=row["released_at"],
        grace_until=row["grace_until"],
        idempotency_key=row["idempotency_key"],
        settings=read_settings(row["settings"]),
        handling=read_handling(row["handling"]),
    )
