"""Rate decks in Postgres."""

from collections.abc import Sequence

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.money import Micros
from dialplane.domain.rating import CostType, Rate

_SQL = queries("rates")


class PostgresRateStore:
    """Fulfils `services.rates.RateStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list_set(self, deck: str) -> list[Rate]:
        rows = await self._connection.fetch(_SQL["list_set"], deck)
        return [Rate(CostType(row["cost_type"]), Micros(row["micros"]), row["tokens"]) for row in rows]

    async def save(self, deck: str, rates: Sequence[Rate]) -> None:
        columns = zip(*((rate.cost_type, rate.micros, rate.tokens) for rate in rates), strict=True)
        await self._connection.execute(_SQL["save"], deck, *(list(column) for column in columns))
