"""Rate decks in Postgres."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.charging.tariffs import DeckLine, Tariff, prefixes_of
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.tenancy.accounts import Plan
from dialplane.services.charging.rates import DeckInfo

_SQL = queries("rates")
_AT_ONCE = 10_000
"""Lines of one statement: a deck of 100,000 on a busy machine stays far from the time limit of statements."""


class PostgresRateStore:
    """Fulfils `services.charging.rates.RateStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list_set(self, deck: str) -> list[Rate]:
        return [_line(row).rate for row in await self._connection.fetch(_SQL["list_set"], deck)]

    async def save(self, deck: str, rates: Sequence[Rate]) -> None:
        columns = zip(*((rate.cost_type, rate.micros, rate.tokens) for rate in rates), strict=True)
        await self._connection.execute(_SQL["save"], deck, *(list(column) for column in columns))

    async def tariffs(self, accounts: Collection[AccountId], numbers: Iterable[str]) -> dict[AccountId, Tariff]:
        if not accounts:
            return {}
        rows = await self._connection.fetch(_SQL["tariffs"], list(accounts), prefixes_of(numbers))
        by_account: dict[AccountId, list[asyncpg.Record]] = {account_id: [] for account_id in accounts}
        for row in rows:
            by_account[row["account_id"]].append(row)
        return {account_id: _tariff(of_account) for account_id, of_account in by_account.items()}

    async def tariff_of(self, deck: str, numbers: Iterable[str]) -> Tariff:
        return _tariff(await self._connection.fetch(_SQL["tariff_of"], deck, prefixes_of(numbers)))

    async def list_lines(self, deck: str) -> list[DeckLine]:
        return [_line(row) for row in await self._connection.fetch(_SQL["list_lines"], deck)]

    async def save_lines(self, deck: str, lines: Sequence[DeckLine]) -> None:
        rows = [
            (
                line.rate.cost_type, line.prefix, line.rate.micros, line.rate.increment_s, line.rate.setup,
                line.description,
            )
            for line in lines
        ]  # fmt: skip
        for start in range(0, len(rows), _AT_ONCE):
            columns = [list(column) for column in zip(*rows[start : start + _AT_ONCE], strict=True)]
            await self._connection.execute(_SQL["save_lines"], deck, *columns)

    async def remove_lines(self, deck: str, keys: Collection[tuple[CostType, str]]) -> None:
        gone = list(keys)
        kinds, prefixes = [kind for kind, _ in gone], [prefix for _, prefix in gone]
        await self._connection.execute(_SQL["remove_lines"], deck, kinds, prefixes)

    async def add_deck(self, deck: str, name: str, now: datetime) -> bool:
        return await self._connection.fetchval(_SQL["add_deck"], deck, name, now) is not None

    async def version(self, deck: str, *, lock: bool = False) -> int | None:
        version: int | None = await self._connection.fetchval(_SQL["lock_version" if lock else "version"], deck)
        return version

    async def count_change(self, deck: str, now: datetime) -> None:
        await self._connection.execute(_SQL["count_change"], deck, now)

    async def list_decks(self) -> list[DeckInfo]:
        return [_info(row) for row in await self._connection.fetch(_SQL["list_decks"])]

    async def deck_of(self, account_id: AccountId) -> str:
        return str(await self._connection.fetchval(_SQL["deck_of"], account_id))

    async def assign_account(self, account_id: AccountId, deck: str | None) -> None:
        if deck is None:
            await self._connection.execute(_SQL["unassign_account"], account_id)
        else:
            await self._connection.execute(_SQL["assign_account"], account_id, deck)

    async def assign_plan(self, plan: Plan, deck: str | None) -> None:
        if deck is None:
            await self._connection.execute(_SQL["unassign_plan"], plan)
        else:
            await self._connection.execute(_SQL["assign_plan"], plan, deck)

    async def port_prices(self, deck: str) -> dict[NumberKind, Micros]:
        rows = await self._connection.fetch(_SQL["port_prices"], deck)
        return {NumberKind(row["kind"]): Micros(row["monthly_micros"]) for row in rows}

    async def save_port_prices(self, deck: str, prices: Mapping[NumberKind, Micros]) -> None:
        await self._connection.execute(_SQL["save_port_prices"], deck, list(prices), list(prices.values()))


def _tariff(rows: Iterable[asyncpg.Record]) -> Tariff:
    own: dict[tuple[CostType, str], DeckLine] = {}
    default: dict[tuple[CostType, str], DeckLine] = {}
    for row in rows:
        if row["cost_type"] is not None:
            line = _line(row)
            (own if row["is_own"] else default)[line.key] = line
    return Tariff((own, default))


def _line(row: asyncpg.Record) -> DeckLine:
    rate = Rate(
        CostType(row["cost_type"]),
        Micros(row["micros"]),
        row["tokens"],
        row["increment_s"],
        Micros(row["setup_micros"]),
    )
    return DeckLine(row["prefix"], rate, row["description"])


def _info(row: asyncpg.Record) -> DeckInfo:
    return DeckInfo(
        id=row["id"],
        name=row["name"],
        version=row["version"],
        lines=row["lines"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        plans=tuple(Plan(plan) for plan in row["plans"]),
        accounts=row["accounts"],
    )
