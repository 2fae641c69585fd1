"""Names of callers in Postgres."""

from collections.abc import Mapping, Sequence

from dialplane.adapters.postgres.connection import Connection, queries

_SQL = queries("caller_names")


class PostgresCallerNameStore:
    """Fulfils `services.calling.caller_names.CallerNameStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, number: str) -> str | None:
        found: str | None = await self._connection.fetchval(_SQL["find"], number)
        return found

    async def save_many(self, names: Mapping[str, str]) -> None:
        forgotten = [number for number, name in names.items() if not name]
        kept = {number: name for number, name in names.items() if name}
        await self._connection.execute(_SQL["forget"], forgotten)
        await self._connection.execute(_SQL["save_many"], list(kept), list(kept.values()))

    async def list_all(self, *, after: str, limit: int) -> Sequence[tuple[str, str]]:
        rows = await self._connection.fetch(_SQL["list_all"], after, limit)
        return [(row["number"], row["name"]) for row in rows]
