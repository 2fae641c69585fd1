"""`/v1.0/price`, `/v1.0/plans`: what things cost, and what each plan allows (reference 7.2, 7.3)."""

import msgspec
from litestar import Router, get
from litestar.di import Provide
from litestar.params import FromPath

from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.price_queries import Asked, Quoted, read_enquiry
from dialplane.faces.voipbin.answers import Fields, answers
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.charging.prices import quote_for
from dialplane.services.shapes.plans import show_plan
from dialplane.services.shapes.prices import show_quote
from dialplane.services.tenancy.plans import get_plan, list_plans


class ShownPlan(msgspec.Struct):
    """How many of each thing an account may have; null means no limit. `is_current`: it is your plan."""

    name: Plan
    is_current: bool
    tokens_a_month: int
    extensions: int | None
    agents: int | None
    queues: int | None
    conferences: int | None
    trunks: int | None
    virtual_numbers: int | None
    normal_numbers: None
    flows: int | None
    used: dict[str, int]
    """So many you have, of those that are counted."""


class ShownPlans(msgspec.Struct):
    result: list[ShownPlan]


@get("/price", responses=answers(Quoted, 404))
async def get_price(request: ApiRequest, enquiry: Asked) -> Fields:
    """What a call or a text to a number would cost you now."""
    return show_quote(await quote_for(request.database, request.account_id, enquiry))


@get("/plans", responses=answers(ShownPlans))
async def list_all_plans(request: ApiRequest) -> Fields:
    """What each plan allows, the smallest first."""
    standing = await list_plans(request.database, request.account_id)
    return {"result": [show_plan(each) for each in standing]}


@get("/plans/{name:str}", responses=answers(ShownPlan, 404))
async def get_one_plan(request: ApiRequest, name: FromPath[str]) -> Fields:
    """What one plan allows."""
    return show_plan(await get_plan(request.database, request.account_id, name))


router = Router(
    "/",
    route_handlers=[get_price, list_all_plans, get_one_plan],
    dependencies={"enquiry": Provide(read_enquiry, sync_to_thread=False)},
    tags=["Billing"],
)
