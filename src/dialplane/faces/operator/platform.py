"""Facts of the installation: trunks, plans, the ledger's check."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, patch, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.trunk_terms import TrunkTransport
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.charging.ledger import LedgerTotals
from dialplane.domain.ids import AccountId
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.operator.answers import posting, refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.calling import trunks
from dialplane.services.charging import billing
from dialplane.services.tenancy import plans


class NewTrunk(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    account_id: UUID | None = None
    """Whose it is; all accounts' where left out."""
    networks: list[str] = []
    """Sources that count as this trunk: addresses or networks."""
    host: str = ""
    """Where outbound calls go; empty where it takes none."""
    port: int = 5060
    transport: str = "udp"
    username: str = ""
    password: str = ""
    priority: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 10


class ShownTrunk(msgspec.Struct):
    """Everything but the password."""

    id: UUID
    account_id: UUID | None
    name: str
    networks: list[str]
    host: str
    port: int
    transport: TrunkTransport
    username: str
    priority: int
    created_at: datetime


class ShownTrunks(msgspec.Struct):
    trunks: list[ShownTrunk]


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


@post("/trunks", responses=posting(404))
async def create_trunk(request: OperatorRequest, data: JSONBody[NewTrunk]) -> ShownTrunk:
    """Add a peer that brings PSTN calls, takes them, or both. Calls follow it at once."""
    draft = trunks.TrunkDraft(
        name=data.name,
        account_id=None if data.account_id is None else AccountId(data.account_id),
        networks=data.networks,
        host=data.host,
        port=data.port,
        transport=data.transport,
        username=data.username,
        password=data.password,
        priority=data.priority,
    )
    return show_trunk(await trunks.create_trunk(request.database, draft, now=request.now))


@get("/trunks", responses=refusals())
async def list_trunks(request: OperatorRequest) -> ShownTrunks:
    """In the order in which outbound calls try them."""
    return ShownTrunks([show_trunk(trunk) for trunk in await trunks.list_trunks(request.database)])


def show_trunk(trunk: Trunk) -> ShownTrunk:
    return ShownTrunk(
        id=trunk.id,
        account_id=trunk.account_id,
        name=trunk.name,
        networks=[str(network) for network in trunk.networks],
        host=trunk.host,
        port=trunk.port,
        transport=trunk.transport,
        username=trunk.username,
        priority=trunk.priority,
        created_at=trunk.created_at,
    )


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


router = Router(
    "/", route_handlers=[create_trunk, list_trunks, check_ledger, list_plans, change_plan], tags=["Platform"]
)
