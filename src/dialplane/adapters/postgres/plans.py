"""Changed plans in Postgres."""

from dataclasses import astuple, fields

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.tenancy.accounts import Plan
from dialplane.domain.tenancy.plans import PlanLimits

_SQL = queries("plans")
_NAMES = tuple(field.name for field in fields(PlanLimits))


class PostgresPlanStore:
    """Fulfils `services.tenancy.plans.PlanStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def changed(self) -> dict[Plan, PlanLimits]:
        rows = await self._connection.fetch(_SQL["changed"])
        return {Plan(row["plan"]): PlanLimits(*(row[name] for name in _NAMES)) for row in rows}

    async def save(self, plan: Plan, limits: PlanLimits) -> None:
        await self._connection.execute(_SQL["save"], plan, *astuple(limits))
