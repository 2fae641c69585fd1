"""Stock, search and reservations in Postgres."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.item_search import find_numbers
from dialplane.adapters.postgres.stock_listing import stock_sql
from dialplane.domain.calling.calls import Place
from dialplane.domain.ids import AccountId, ItemId, TrunkId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import (
    Item,
    ItemQuery,
    ItemState,
    Ordering,
    Reservation,
    ReservationStatus,
    StockCount,
    StockQuery,
)

_SQL = queries("inventory")
_TRIED_AT_ONCE = 20
_SORTED_IN_FROM = 1_000
"""So many new items make searches slow until they are sorted into the index of digits."""
_ADDED_AT_ONCE = 5_000
"""So that a large import stays below the time-out of a statement."""


class PostgresInventoryStore:
    """Fulfils `services.supply.inventory.InventoryStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add_items(self, items: Sequence[Item]) -> set[str]:
        rows = [
            (
                i.id, i.number, i.carrier, i.kind, i.country, i.region, i.locality, i.postal_code, i.latitude,
                i.longitude, ",".join(i.capabilities), i.setup_micros, i.monthly_micros,
                ",".join(i.documents_required), i.created_at, i.state, i.account_id, i.trunk_id,
            )
            for i in items
        ]  # fmt: skip
        added: set[str] = set()
        for first in range(0, len(rows), _ADDED_AT_ONCE):
            columns = [list(column) for column in zip(*rows[first : first + _ADDED_AT_ONCE], strict=True)]
            added.update(row["number"] for row in await self._connection.fetch(_SQL["add_items"], *columns))
        if len(added) >= _SORTED_IN_FROM:
            await self._connection.execute(_SQL["sort_in"])
        return added

    async def count_by_carrier(self, *, exactly_up_to: int) -> StockCount:
        size = int(await self._connection.fetchval(_SQL["size"]))
        if size > exactly_up_to and (rows := await self._connection.fetch(_SQL["estimate_by_carrier"], size)):
            return StockCount(_by_carrier(rows), is_estimated=True)
        return StockCount(_by_carrier(await self._connection.fetch(_SQL["count_by_carrier"])))

    async def find_known(self, numbers: Sequence[str]) -> set[str]:
        return {row["number"] for row in await self._connection.fetch(_SQL["find_known"], numbers)}

    async def remove_untouched(self, item_ids: Sequence[ItemId]) -> dict[ItemId, ItemState]:
        rows = await self._connection.fetch(_SQL["remove_untouched"], item_ids)
        return {ItemId(row["id"]): ItemState(row["state"]) for row in rows}

    async def look_again(self) -> None:
        await self._connection.execute(_SQL["sort_in"])
        await self._connection.execute(_SQL["look_again"])

    async def list_stock(self, query: StockQuery, *, after: str, limit: int) -> list[Item]:
        sql, arguments = stock_sql(query, after=after, limit=limit)
        return [read_item(row) for row in await self._connection.fetch(sql, *arguments)]

    async def places(self, numbers: Collection[str]) -> dict[str, Place]:
        rows = await self._connection.fetch(_SQL["places"], list(numbers))
        return {row["number"]: Place(row["locality"], row["region"], row["postal_code"]) for row in rows}

    async def find_trunk_of(self, number: str) -> TrunkId | None:
        trunk_id: TrunkId | None = await self._connection.fetchval(_SQL["find_trunk_of"], number)
        return trunk_id

    async def list_countries(self) -> dict[str, tuple[NumberKind, ...]]:
        rows = await self._connection.fetch(_SQL["list_countries"])
        return {row["country"]: tuple(NumberKind(kind) for kind in row["types"]) for row in rows}

    async def locate(self, number: str) -> tuple[float, float] | None:
        row = await self._connection.fetchrow(_SQL["locate"], number)
        return None if row is None else (row["latitude"], row["longitude"])

    async def search(self, query: ItemQuery, now: datetime) -> list[Item]:
        numbers = await find_numbers(self._connection, query)
        rows = {row["number"]: row for row in await self._connection.fetch(_SQL["read_offered"], numbers)}
        return [read_item(rows[number]) for number in numbers if number in rows]

    async def lock_any(self, query: ItemQuery, now: datetime) -> Item | None:
        wanted = replace(query, order=Ordering.NUMBER, limit=_TRIED_AT_ONCE)
        while numbers := await find_numbers(self._connection, wanted):
            row = await self._connection.fetchrow(_SQL["lock_first_offered"], numbers)
            if row is not None:
                return read_item(row)
            wanted = replace(wanted, after=(0, 0, numbers[-1]))  # others are about to take all of these
        return None

    async def lock_by_number(self, number: str) -> Item | None:
        row = await self._connection.fetchrow(_SQL["lock_by_number"], number)
        return None if row is None else read_item(row)

    async def lock(self, item_id: ItemId) -> Item | None:
        row = await self._connection.fetchrow(_SQL["lock"], item_id)
        return None if row is None else read_item(row)

    async def set_state(
        self, item_id: ItemId, state: ItemState, *, account_id: AccountId | None, until: datetime | None, now: datetime
    ) -> None:
        await self._connection.execute(_SQL["set_state"], item_id, state, account_id, until, now)

    async def set_states(self, changed: Sequence[tuple[ItemId, ItemState, AccountId]], now: datetime) -> None:
        columns = [list(column) for column in zip(*changed, strict=True)]
        await self._connection.execute(_SQL["set_states"], *columns, now)

    async def rested(self, now: datetime, *, limit: int) -> list[Item]:
        return [read_item(row) for row in await self._connection.fetch(_SQL["rested"], now, limit)]

    async def add_reservation(self, reservation: Reservation) -> None:
        await self._connection.execute(
            _SQL["add_reservation"], reservation.id, reservation.account_id, reservation.item_id, reservation.number,
            reservation.status, reservation.expires_at, reservation.created_at,
        )  # fmt: skip

    async def find_reservation(self, account_id: AccountId, reservation_id: UUID) -> Reservation | None:
        row = await self._connection.fetchrow(_SQL["find_reservation"], account_id, reservation_id)
        return None if row is None else _reservation(row)

    async def find_held(self, item_id: ItemId) -> Reservation | None:
        row = await self._connection.fetchrow(_SQL["find_held"], item_id)
        return None if row is None else _reservation(row)

    async def count_reserved(self, account_id: AccountId, now: datetime) -> int:
        return int(await self._connection.fetchval(_SQL["count_reserved"], account_id, now))

    async def list_reservations(
        self, account_id: AccountId, now: datetime, *, before: datetime | None, limit: int
    ) -> list[Reservation]:
        rows = await self._connection.fetch(_SQL["list_reservations"], account_id, before, limit, now)
        return [_reservation(row) for row in rows]

    async def end_reservation(self, item_id: ItemId, status: ReservationStatus, now: datetime) -> None:
        await self._connection.execute(_SQL["end_reservation"], item_id, status, now)

    async def expired_reservations(self, now: datetime, *, limit: int) -> list[Reservation]:
        return [_reservation(row) for row in await self._connection.fetch(_SQL["expired_reservations"], now, limit)]


def _by_carrier(rows: Sequence[asyncpg.Record]) -> dict[str, dict[ItemState, int]]:
    counted: dict[str, dict[ItemState, int]] = {}
    for row in rows:
        counted.setdefault(row["carrier"], {})[ItemState(row["state"])] = row["count"]
    return counted


def read_item(row: asyncpg.Record) -> Item:
    """The item whose columns stand in the row, beside others or not."""
    return Item(
        id=ItemId(row["id"]),
        number=row["number"],
        carrier=row["carrier"],
        kind=NumberKind(row["type"]),
        country=row["country"],
        state=ItemState(row["state"]),
        setup_micros=Micros(row["setup_micros"]),
        monthly_micros=Micros(row["monthly_micros"]),
        created_at=row["created_at"],
        region=row["region"],
        locality=row["locality"],
        postal_code=row["postal_code"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        capabilities=tuple(row["capabilities"]),
        documents_required=tuple(row["documents_required"]),
        account_id=row["account_id"],
        state_until=row["state_until"],
        trunk_id=row["trunk_id"],
    )


def _reservation(row: asyncpg.Record) -> Reservation:
    return Reservation(
        id=row["id"],
        account_id=row["account_id"],
        item_id=ItemId(row["item_id"]),
        number=row["number"],
        status=ReservationStatus(row["status"]),
        expires_at=row["expires_at"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )
