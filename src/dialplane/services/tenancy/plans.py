"""Plans: what each allows, as the operator has it, and how much of its own an account has used.

Limits are looked at when something is made, and only then: a smaller plan takes nothing away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId
from dialplane.domain.tenancy.accounts import Plan
from dialplane.domain.tenancy.plans import LIMITS, Limited, PlanLimits, check_limit
from dialplane.services.transaction import Database, Transaction


class PlanStore(Protocol):
    """Port: the plans that the operator has changed."""

    async def changed(self) -> Mapping[Plan, PlanLimits]: ...

    async def save(self, plan: Plan, limits: PlanLimits) -> None: ...


async def all_limits(tx: Transaction) -> Mapping[Plan, PlanLimits]:
    """The smallest plan first."""
    return {**LIMITS, **await tx.plans.changed()}


async def check_plan(tx: Transaction, plan: Plan, what: Limited, *, existing: int) -> None:
    """Raises LimitExceeded (RESOURCE_LIMIT_EXCEEDED) where `existing` leaves no room for one more."""
    check_limit(plan, what, existing=existing, limits=(await all_limits(tx))[plan])


async def change_plan(database: Database, plan: Plan, **limits: int | None) -> PlanLimits:
    """Change the limits that are given, for whatever is made from now on, and tokens from the next month on."""
    async with database.transaction() as tx:
        changed = replace((await all_limits(tx))[plan], **limits)  # type: ignore[arg-type]  # checked by the faces
        await tx.plans.save(plan, changed)
    return changed


async def list_limits(database: Database) -> Mapping[Plan, PlanLimits]:
    async with database.reading() as tx:
        return await all_limits(tx)


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
        every = await all_limits(tx)
    return [PlanStanding(plan, limits, plan is current, used) for plan, limits in every.items()]


async def get_plan(database: Database, account_id: AccountId, name: str) -> PlanStanding:
    """Raises NotFound."""
    for standing in await list_plans(database, account_id):
        if standing.plan == name:
            return standing
    raise NotFound("There is no such plan", reason="PLAN_NOT_FOUND")


async def _used(tx: Transaction, account_id: AccountId) -> Mapping[str, int]:
    return {
        "extensions": await tx.extensions.count(account_id),
        "trunks": await tx.pbx_trunks.count(account_id),
        "virtual_numbers": await tx.numbers.count_virtual(account_id),
        "flows": await tx.flows.count(account_id),
        "agents": await tx.agents.count(account_id),
        "queues": await tx.queues.count(account_id),
        "conferences": await tx.conferences.count(account_id),
    }
