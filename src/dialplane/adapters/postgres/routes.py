"""Routes outwards in Postgres."""

from dataclasses import astuple
from datetime import datetime

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.trunks import read_trunk
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.calling.routes import Route
from dialplane.domain.ids import AccountId, RouteId, TrunkId
from dialplane.services.calling.trunk_ways import Candidate

_SQL = queries("routes")


class PostgresRouteStore:
    """Fulfils `services.calling.routes.RouteStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def insert(self, route: Route) -> None:
        await self._connection.execute(_SQL["insert"], *astuple(route))

    async def update(self, route: Route) -> None:
        await self._connection.execute(
            _SQL["update"],
            route.id,
            route.trunk_id,
            route.target,
            route.priority,
            route.name,
            route.detail,
            route.updated_at,
            route.deleted_at,
        )

    async def find(self, route_id: RouteId) -> Route | None:
        row = await self._connection.fetchrow(_SQL["find"], route_id)
        return None if row is None else Route(**dict(row))

    async def list_live(
        self, account_id: AccountId | None, *, before: datetime | None, limit: int, of_everybody: bool
    ) -> list[Route]:
        rows = await self._connection.fetch(_SQL["list_live"], account_id, before, limit, of_everybody)
        return [Route(**dict(row)) for row in rows]

    async def remove_of_trunk(self, trunk_id: TrunkId, now: datetime) -> None:
        await self._connection.execute(_SQL["remove_of_trunk"], trunk_id, now)

    async def list_candidates(self, account_id: AccountId, digits: str) -> list[Candidate]:
        return [
            Candidate(
                read_trunk(row, self._seal), row["has_routes"], row["is_own"], row["depth"], row["route_priority"]
            )
            for row in await self._connection.fetch(_SQL["list_candidates"], account_id, digits)
        ]
