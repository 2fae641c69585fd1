"""The ledger in Postgres."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.charging.entry_filters import EVERY_ENTRY, EntryFilter
from dialplane.domain.charging.ledger import (
    Entry,
    Hold,
    HoldState,
    LedgerTotals,
    Purse,
    ReferenceType,
    TransactionType,
    postings,
)
from dialplane.domain.charging.rating import CostType, Price, Rate
from dialplane.domain.ids import AccountId, EntryId, HoldId
from dialplane.domain.money import Micros

_SQL = queries("ledger")
_HOLD = (
    "key", "id", "account_id", "units", "cost_type", "rate_micros", "rate_tokens", "rate_increment_s",
    "rate_setup_micros", "micros", "tokens", "state", "expires_at", "created_at",
)  # fmt: skip
_ENTRY = (
    "id", "account_id", "key", "transaction_type", "reference_type", "reference_id", "cost_type", "detail", "seconds",
    "units", "rate_micros", "rate_tokens", "rate_increment_s", "rate_setup_micros", "amount_micros", "amount_tokens",
    "credit_after", "tokens_after", "started_at", "ended_at", "created_at",
)  # fmt: skip
_COST_TYPES = {kind.value: kind for kind in CostType}
_HOLD_STATES = {state.value: state for state in HoldState}
_POSTING = ("entry_id", "book", "account_id", "currency", "amount")


class PostgresLedgerStore:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_purses(self, account_ids: Iterable[AccountId]) -> dict[AccountId, Purse]:
        wanted = sorted(account_ids)
        rows = await self._connection.fetch(_SQL["lock_purses"], wanted)
        if len(rows) < len(wanted):
            await self._connection.execute(_SQL["open_purses"], wanted)
            rows = await self._connection.fetch(_SQL["lock_purses"], wanted)
        return {row["account_id"]: Purse(*row) for row in rows}

    async def find_purse(self, account_id: AccountId) -> Purse | None:
        row = await self._connection.fetchrow(_SQL["find_purse"], account_id)
        return None if row is None else Purse(*row)

    async def save_purses(self, purses: Iterable[Purse]) -> None:
        rows = [(p.account_id, p.credit, p.credit_held, p.tokens, p.tokens_held) for p in purses]
        if len(rows) == 1:
            await self._connection.execute(_SQL["save_purse"], *rows[0])
        elif rows:
            await self._connection.execute(_SQL["save_purses"], *_columns(rows))

    async def add_holds(self, holds: Sequence[Hold]) -> None:
        if not holds:
            return
        rows = [
            (
                h.key, h.id, h.account_id, h.units, h.rate.cost_type, h.rate.micros, h.rate.tokens,
                h.rate.increment_s, h.rate.setup, h.price.micros, h.price.tokens, h.state, h.expires_at, h.created_at,
            )
            for h in holds
        ]  # fmt: skip
        await self._connection.execute(_SQL["add_holds"], _named(_HOLD, rows))

    async def find_holds(self, keys: Sequence[str]) -> dict[str, Hold]:
        return {row["key"]: _hold(row) for row in await self._connection.fetch(_SQL["find_holds"], keys)}

    async def close_holds(self, keys: Sequence[str], state: HoldState, now: datetime) -> dict[str, Hold]:
        rows = await self._connection.fetch(_SQL["close_holds"], list(keys), state, now)
        return {row["key"]: _hold(row) for row in rows}

    async def change_holds(self, holds: Sequence[Hold]) -> None:
        if not holds:
            return
        rows = [(h.key, h.units, h.price.micros, h.price.tokens, h.expires_at) for h in holds]
        await self._connection.execute(_SQL["change_holds"], *_columns(rows))

    async def expired_holds(self, now: datetime, *, limit: int) -> list[Hold]:
        return [_hold(row) for row in await self._connection.fetch(_SQL["expired_holds"], now, limit)]

    async def find_entries(self, keys: Sequence[str]) -> dict[str, Entry]:
        return {row["key"]: _entry(row) for row in await self._connection.fetch(_SQL["find_entries"], keys)}

    async def append(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        rows = [
            (
                e.id, e.account_id, e.key, e.transaction_type, e.reference_type, e.reference_id, e.rate.cost_type,
                e.detail, e.seconds, e.units, e.rate.micros, e.rate.tokens, e.rate.increment_s,
                e.rate.setup, e.amount_micros, e.amount_tokens, e.credit_after, e.tokens_after, e.started_at,
                e.ended_at, e.created_at,
            )
            for e in entries
        ]  # fmt: skip
        lines = [
            (line.entry_id, line.book, line.account_id, line.currency, line.amount)
            for entry in entries
            for line in postings(entry)
        ]
        if len(rows) == 1:
            await self._connection.execute(_SQL["append_entry"], *rows[0])
        else:
            await self._connection.execute(_SQL["append_entries"], _named(_ENTRY, rows))
        if lines:
            await self._connection.execute(_SQL["append_postings"], _named(_POSTING, lines))

    async def get_entry(self, account_id: AccountId, entry_id: EntryId) -> Entry | None:
        row = await self._connection.fetchrow(_SQL["get_entry"], account_id, entry_id)
        return None if row is None else _entry(row)

    async def list_entries(
        self,
        account_id: AccountId,
        *,
        before: datetime | None,
        limit: int,
        wanted: EntryFilter = EVERY_ENTRY,
        after: tuple[datetime, EntryId] | None = None,
    ) -> list[Entry]:
        query = _SQL["list_credit_entries" if wanted.moves_credit else "list_entries"]
        rows = await self._connection.fetch(
            query, account_id, before, limit, *(after or (None, None)), wanted.since, wanted.until,
            list(wanted.transaction_types), list(wanted.reference_types), wanted.reference_id, list(wanted.cost_types),
        )  # fmt: skip
        return [_entry(row) for row in rows]

    async def accounts_to_top_up(self, now: datetime, *, limit: int) -> list[AccountId]:
        rows = await self._connection.fetch(_SQL["accounts_to_top_up"], now, limit)
        return [row["account_id"] for row in rows]

    async def save_top_up(self, account_id: AccountId, *, at: datetime, next_at: datetime) -> None:
        await self._connection.execute(_SQL["save_top_up"], account_id, at, next_at)

    async def totals(self) -> LedgerTotals:
        row = await self._connection.fetchrow(_SQL["totals"])
        assert row is not None  # a query without FROM always answers with one row
        return LedgerTotals(*row)


def _columns(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _named(names: Sequence[str], rows: Sequence[Sequence[object]]) -> list[dict[str, object]]:
    """The rows as one JSON argument shows them."""
    return [dict(zip(names, row, strict=True)) for row in rows]


def _rate(row: asyncpg.Record) -> Rate:
    return Rate(
        _COST_TYPES[row["cost_type"]],
        Micros(row["rate_micros"]),
        row["rate_tokens"],
        row["rate_increment_s"],
        Micros(row["rate_setup_micros"]),
    )


def _hold(row: asyncpg.Record) -> Hold:
    return Hold(
        id=HoldId(row["id"]),
        account_id=row["account_id"],
        key=row["key"],
        units=row["units"],
        rate=_rate(row),
        price=Price(Micros(row["micros"]), row["tokens"]),
        state=_HOLD_STATES[row["state"]],
        expires_at=row["expires_at"],
        created_at=row["created_at"],
    )


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(
        id=EntryId(row["id"]),
        account_id=row["account_id"],
        key=row["key"],
        transaction_type=TransactionType(row["transaction_type"]),
        reference_type=ReferenceType(row["reference_type"]),
        reference_id=row["reference_id"],
        rate=_rate(row),
        units=row["units"],
        seconds=row["seconds"],
        amount_micros=row["amount_micros"],
        amount_tokens=row["amount_tokens"],
        credit_after=row["credit_after"],
        tokens_after=row["tokens_after"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        created_at=row["created_at"],
        detail=row["detail"],
    )
