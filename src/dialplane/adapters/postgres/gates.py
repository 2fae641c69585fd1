"""The gates of voice nodes in Postgres."""

from datetime import datetime

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.services.calling.media_streams import Gate

_SQL = queries("gates")


class PostgresGateStore:
    """Fulfils `services.calling.media_streams.GateStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def set_gate(self, node: str, gate: Gate) -> None:
        await self._connection.execute(_SQL["set_gate"], node, gate.host, gate.port)

    async def live_gates(self, seen_after: datetime) -> list[Gate]:
        return [Gate(**row) for row in await self._connection.fetch(_SQL["live_gates"], seen_after)]

    async def find_gate(self, node: str) -> Gate | None:
        row = await self._connection.fetchrow(_SQL["find_gate"], node)
        return None if row is None else Gate(**row)
