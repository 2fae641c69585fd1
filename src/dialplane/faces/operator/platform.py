"""Facts of the installation: trunks, rates, plans, the ledger's check."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId
from dialplane.domain.plans import LIMITS
from dialplane.domain.rating import DEFAULT_RATES
from dialplane.domain.trunks import Trunk
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services import billing, trunks

DEFAULT_DECK = "default"


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


@post("/trunks")
async def create_trunk(request: OperatorRequest, data: JSONBody[NewTrunk]) -> dict[str, object]:
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


@get("/trunks")
async def list_trunks(request: OperatorRequest) -> dict[str, list[dict[str, object]]]:
    """In the order in which outbound calls try them."""
    return {"trunks": [show_trunk(trunk) for trunk in await trunks.list_trunks(request.database)]}


def show_trunk(trunk: Trunk) -> dict[str, object]:
    """Everything but the password."""
    return {
        "id": str(trunk.id),
        "account_id": None if trunk.account_id is None else str(trunk.account_id),
        "name": trunk.name,
        "networks": [str(network) for network in trunk.networks],
        "host": trunk.host,
        "port": trunk.port,
        "transport": trunk.transport,
        "username": trunk.username,
        "priority": trunk.priority,
        "created_at": trunk.created_at,
    }


@get("/ledger/check")
async def check_ledger(request: OperatorRequest) -> dict[str, object]:
    """Add the whole ledger up: every entry sums to zero, every balance is the sum of its postings."""
    return asdict(await billing.check_ledger(request.database))


@get("/plans")
async def list_plans() -> dict[str, list[dict[str, object]]]:
    """What each plan allows; null means no limit."""
    return {"plans": [{"name": plan.value, **asdict(limits)} for plan, limits in LIMITS.items()]}


@get("/rate_decks/{deck_id:str}")
async def get_rate_deck(deck_id: FromPath[str]) -> dict[str, object]:
    """The prices of one unit: a started minute, a message's segment."""
    if deck_id != DEFAULT_DECK:
        raise NotFound("There is no such rate deck", reason="RATE_DECK_NOT_FOUND")
    rates = [
        {"cost_type": rate.cost_type.value, "credit_micros": rate.micros, "tokens": rate.tokens}
        for rate in DEFAULT_RATES.values()
    ]
    return {"id": DEFAULT_DECK, "currency": "USD", "rates": rates}


router = Router("/", route_handlers=[create_trunk, list_trunks, check_ledger, list_plans, get_rate_deck])
