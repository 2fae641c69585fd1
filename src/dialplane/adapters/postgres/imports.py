"""Imports of stock in Postgres."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, ItemId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.imports import (
    Counts,
    ImportId,
    ImportLine,
    ImportState,
    Outcome,
    Reading,
    StockImport,
    StockRow,
)
from dialplane.domain.supply.inventory import NewItem
from dialplane.services.supply.imports import Noted

_SQL = queries("imports")

_COLUMNS = (
    "import_id", "position", "line", "outcome", "number", "type", "country", "region", "locality", "postal_code",
    "latitude", "longitude", "capabilities", "setup_micros", "monthly_micros", "documents_required", "trunk_id",
    "account_id", "name", "field", "detail",
)  # fmt: skip
_NO_ROW = ("", "", "", "", "", None, None, (), 0, 0, (), None, None, "")


class PostgresImportStore:
    """Fulfils `services.supply.imports.ImportStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, imported: StockImport) -> None:
        await self._connection.execute(_SQL["add"], *_values(imported))

    async def save(self, imported: StockImport) -> None:
        await self._connection.execute(_SQL["save"], *_values(imported))

    async def find(self, import_id: ImportId, *, lock: bool = False) -> StockImport | None:
        return _read_or_none(await self._connection.fetchrow(_SQL["lock" if lock else "find"], import_id))

    async def find_by_key(self, idempotency_key: str) -> StockImport | None:
        return _read_or_none(await self._connection.fetchrow(_SQL["find_by_key"], idempotency_key))

    async def list_newest(self, *, before: datetime | None, limit: int) -> list[StockImport]:
        return [_read(row) for row in await self._connection.fetch(_SQL["list_newest"], before, limit)]

    async def at_work(self) -> StockImport | None:
        return _read_or_none(await self._connection.fetchrow(_SQL["at_work"]))

    async def add_lines(self, import_id: ImportId, lines: Sequence[ImportLine]) -> None:
        # COPY: a third of the time of an insert of arrays, and the client holds one slice of the file only.
        await self._connection.copy_records_to_table(
            "inventory_import_lines", columns=_COLUMNS, records=[(import_id, *_line_values(line)) for line in lines]
        )

    async def mark_known(self, import_id: ImportId, *, since: datetime) -> None:
        await self._connection.execute(_SQL["mark_known"], import_id, since)
        await self._connection.execute(_SQL["mark_claimed"], import_id)

    async def count(self, import_id: ImportId) -> Counts:
        rows = await self._connection.fetch(_SQL["count"], import_id)
        return Counts(**{row["outcome"]: row["count"] for row in rows})

    async def list_lines(
        self, import_id: ImportId, outcomes: Collection[Outcome], *, after: int, limit: int
    ) -> list[ImportLine]:
        wanted = [outcome.value for outcome in outcomes or Outcome]
        return [_line(row) for row in await self._connection.fetch(_SQL["list_lines"], import_id, wanted, after, limit)]

    async def note(self, import_id: ImportId, noted: Sequence[Noted]) -> None:
        await self._connection.execute(
            _SQL["note"], import_id, [each.position for each in noted], [each.outcome.value for each in noted],
            [each.item_id for each in noted], [each.field for each in noted], [each.detail for each in noted],
        )  # fmt: skip

    async def prices(self, import_id: ImportId, *, after: int) -> dict[AccountId, Micros]:
        rows = await self._connection.fetch(_SQL["prices"], import_id, after)
        return {AccountId(row["account_id"]): Micros(int(row["micros"])) for row in rows}

    async def forget(self, *, previewed_before: datetime, applied_before: datetime, limit: int) -> int:
        previews = await self._connection.fetch(_SQL["forget_previews"], previewed_before, limit)
        applied = await self._connection.fetch(_SQL["forget_lines"], applied_before, limit)
        return len(previews) + len(applied)


def _values(imported: StockImport) -> tuple[object, ...]:
    return (
        imported.id, imported.state, asdict(imported.reading), asdict(imported.counts), imported.reached,
        imported.skip_problems, imported.idempotency_key, imported.created_at, imported.updated_at, imported.applied_at,
        imported.undone_at,
    )  # fmt: skip


def _read_or_none(row: asyncpg.Record | None) -> StockImport | None:
    return None if row is None else _read(row)


def _read(row: asyncpg.Record) -> StockImport:
    return StockImport(
        id=ImportId(row["id"]),
        state=ImportState(row["state"]),
        reading=Reading(**row["reading"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        counts=Counts(**row["counts"]),
        reached=row["reached"],
        skip_problems=row["skip_problems"],
        idempotency_key=row["idempotency_key"],
        applied_at=row["applied_at"],
        undone_at=row["undone_at"],
    )


def _line_values(line: ImportLine) -> tuple[object, ...]:
    begin = (line.position, line.line, line.outcome.value, line.number)
    if line.row is None:
        return (*begin, *_NO_ROW, line.field, line.detail)
    item = line.row.item
    return (
        *begin, item.kind.value, item.country, item.region, item.locality, item.postal_code, item.latitude,
        item.longitude, item.capabilities, item.setup_micros, item.monthly_micros, item.documents_required,
        item.trunk_id, line.row.account_id, line.row.name, line.field, line.detail,
    )  # fmt: skip


def _line(row: asyncpg.Record) -> ImportLine:
    outcome = Outcome(row["outcome"])
    return ImportLine(
        position=row["position"],
        line=row["line"],
        outcome=outcome,
        number=row["number"],
        row=None if outcome is Outcome.PROBLEM else _row(row),
        field=row["field"],
        detail=row["detail"],
        item_id=None if row["item_id"] is None else ItemId(row["item_id"]),
    )


def _row(row: asyncpg.Record) -> StockRow:
    item = NewItem(
        number=row["number"],
        kind=NumberKind(row["type"]),
        country=row["country"],
        region=row["region"],
        locality=row["locality"],
        postal_code=row["postal_code"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        capabilities=tuple(row["capabilities"]),
        setup_micros=Micros(row["setup_micros"]),
        monthly_micros=Micros(row["monthly_micros"]),
        documents_required=tuple(row["documents_required"]),
        trunk_id=row["trunk_id"],
    )
    return StockRow(item, row["account_id"], row["name"])
