"""Facts of the installation: plans, the ledger's check."""

from dataclasses import asdict
from typing import Annotated

import msgspec
from litestar import Router, get, patch
from litestar.params import FromPath, JSONBody

from dialplane.domain.charging.ledger import LedgerTotals
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.operator.answers import refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.charging import billing
from dialplane.services.tenancy import plans


class ShownPlan(msgspec.Struct):
    """How many of each thing an account may have; null means no limit."""

    name: Plan
    tokens_a_month: int
    extensions: int | None
    agents: int | None
    queues: int | None
    conferences: int | None
    trunks: int | None
    virtual_numbers: int | None
    flows: int | None


_Limit = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class PlanChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays as it is; null means no limit."""

    tokens_a_month: _Limit | msgspec.UnsetType = msgspec.UNSET
    extensions: _Limit | msgspec.UnsetType | None = msgspec.UNSET
    agents: _Limit | msgspec.UnsetType | None = msgspec.UNSET
    queues: _Limit | msgspec.UnsetType | None = msgspec.UNSET
    conferences: _Limit | msgspec.UnsetType | None = msgspec.UNSET
    trunks: _Limit | msgspec.UnsetType | None = msgspec.UNSET
    virtual_numbers: _Limit | msgspec.UnsetType | None = msgspec.UNSET
    flows: _Limit | msgspec.UnsetType | None = msgspec.UNSET


class ShownPlans(msgspec.Struct):
    plans: list[ShownPlan]


@get("/ledger/check", responses=refusals())
async def check_ledger(request: OperatorRequest) -> LedgerTotals:
    """Add the whole ledger up: every entry sums to zero, every balance is the sum of its postings."""
    return await billing.check_ledger(request.database)


@get("/plans", responses=refusals())
async def list_plans(request: OperatorRequest) -> ShownPlans:
    """What each plan allows; null means no limit."""
    every = await plans.list_limits(request.database)
    return ShownPlans([ShownPlan(plan, **asdict(limits)) for plan, limits in every.items()])


@patch("/plans/{plan:str}", responses=refusals(413))
async def change_plan(request: OperatorRequest, plan: FromPath[Plan], data: JSONBody[PlanChange]) -> ShownPlan:
    """Change what a plan allows. Limits are looked at when something is made; tokens change with the next month."""
    given = {
        name: value for name in PlanChange.__struct_fields__ if (value := getattr(data, name)) is not msgspec.UNSET
    }
    return ShownPlan(plan, **asdict(await plans.change_plan(request.database, plan, **given)))


router = Router("/", route_handlers=[check_ledger, list_plans, change_plan], tags=["Platform"])
