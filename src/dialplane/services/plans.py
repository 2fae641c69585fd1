"""The plans as an account sees them: what each allows, which is its own, and how much of it is used."""

from collections.abc import Mapping
from dataclasses import dataclass

from dialplane.domain.accounts import Plan
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId
from dialplane.domain.plans import LIMITS, PlanLimits
from dialplane.services.transaction import Database, Transaction


@dataclass(frozen=True, slots=True)
class PlanStanding:
    """`used` counts what the account has of those things that are counted here."""

    plan: Plan
    limits: PlanLimits
    is_current: bool
    used: Mapping[str, int]


async def list_plans(database: Database, account_id: AccountId) -> list[PlanStanding]:
    """The smallest first."""
    async with database.reading() as tx:
        current = (await tx.accounts.get(account_id)).plan
        used = await _used(tx, account_id)
    return [PlanStanding(plan, limits, plan is current, used) for plan, limits in LIMITS.items()]


async def get_plan(database: Database, account_id: AccountId, name: str) -> PlanStanding:
    """Raises NotFound."""
    for standing in await list_plans(database, account_id):
        if standing.plan == name:
            return standing
    raise NotFound("There is no such plan", reason="PLAN_NOT_FOUND")


async def _used(tx: Transaction, account_id: AccountId) -> Mapping[str, int]:
    return {
        "extensions": await tx.extensions.count(account_id),
        "virtual_numbers": await tx.numbers.count_virtual(account_id),
        "flows": await tx.flows.count(account_id),
    }
