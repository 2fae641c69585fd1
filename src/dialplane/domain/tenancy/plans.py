"""What a plan allows while the operator has not changed it: tokens a month, and how many of each thing an account may
have (VoIPBIN section 7.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dialplane.domain.errors import LimitExceeded
from dialplane.domain.tenancy.accounts import Plan

Limited = Literal["extensions", "agents", "queues", "conferences", "trunks", "virtual_numbers", "flows"]

UNLIMITED_TOKENS = 1_000_000_000
"""The unlimited plan's allowance of a month: more than can be used, and still a number that the ledger can carry."""

FLOWS_ON_EVERY_PLAN = 10_000


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """None means no limit."""

    tokens_a_month: int
    extensions: int | None
    agents: int | None
    queues: int | None
    conferences: int | None
    trunks: int | None
    virtual_numbers: int | None
    flows: int | None = FLOWS_ON_EVERY_PLAN


LIMITS: Mapping[Plan, PlanLimits] = {
    Plan.FREE: PlanLimits(100, 5, 5, 2, 2, 1, 5),
    Plan.BASIC: PlanLimits(1_000, 50, 50, 10, 10, 5, 50),
    Plan.PROFESSIONAL: PlanLimits(10_000, 500, 500, 100, 100, 50, 500),
    Plan.UNLIMITED: PlanLimits(UNLIMITED_TOKENS, None, None, None, None, None, None),
}


def check_limit(plan: Plan, what: Limited, *, existing: int, limits: PlanLimits | None = None) -> None:
    """`limits` are the plan's where the operator has changed it.

    Raises LimitExceeded (RESOURCE_LIMIT_EXCEEDED) where `existing` leaves no room for one more.
    """
    limit: int | None = getattr(limits or LIMITS[plan], what)
    if limit is not None and existing >= limit:
        raise LimitExceeded(
            f"The plan {plan} allows {limit} {what.replace('_', ' ')}",
            reason="RESOURCE_LIMIT_EXCEEDED",
            details=({"resource": what, "limit": limit},),
        )
