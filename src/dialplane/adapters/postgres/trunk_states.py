"""How trunks fare, in Postgres."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import TrunkId
from dialplane.services.calling.trunk_states import TrunkState

_SQL = queries("trunk_states")


class PostgresTrunkStateStore:
    """Fulfils `services.calling.trunk_states.TrunkStateStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, trunk_id: TrunkId, node: str, state: TrunkState, now: datetime) -> None:
        await self._connection.execute(_SQL["save"], trunk_id, node, msgspec.to_builtins(state), now)

    async def list_states(self, trunks: Sequence[TrunkId]) -> dict[TrunkId, dict[str, TrunkState]]:
        found: dict[TrunkId, dict[str, TrunkState]] = {}
        for row in await self._connection.fetch(_SQL["list_states"], list(trunks)):
            found.setdefault(row["trunk_id"], {})[row["node"]] = msgspec.convert(row["state"], TrunkState)
        return found

    async def claim(self, trunk_id: TrunkId, node: str, now: datetime, until: datetime) -> bool:
        await self._connection.execute(_SQL["lock"], trunk_id)
        return await self._connection.fetchval(_SQL["claim"], trunk_id, node, now, until) is not None

    async def give_up(self, node: str) -> None:
        await self._connection.execute(_SQL["give_up"], node)
