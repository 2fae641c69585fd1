"""What the operator sees of carriers and of traffic that belonged to no account."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar import Router, get

from dialplane.domain.supply.inventory import ItemState
from dialplane.faces.operator.answers import refusals, shown
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.voipbin.answers import Paged
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.services.calling import refused_calls
from dialplane.services.calling.calls import RefusedCall, list_defences
from dialplane.services.supply.stock import list_carriers


class Stock(msgspec.Struct):
    """How many numbers are in each state."""

    offered: int
    held: int
    assigned: int
    quarantined: int


class ShownCarrier(msgspec.Struct):
    """`local`: the operator's own stock, ordered from nobody; `remote`: orders go out. Stock beyond 50,000 numbers is
    `estimated`."""

    name: str
    kind: Literal["local", "remote"]
    stock: Stock
    estimated: bool


class ShownCarriers(msgspec.Struct):
    carriers: list[ShownCarrier]


class ShownRefusedCall(msgspec.Struct):
    """A call to a number that nobody has, or from somebody who may not call."""

    id: UUID
    source_host: str
    source: str
    destination: str
    sip_code: int
    reason: str
    route: dict[str, object] | None
    """The decision, as `GET /v1.0/calls/{id}/route` shows it."""
    created_at: datetime


class ShownDefence(msgspec.Struct):
    """What a voice node refuses to strangers: at most 200 of each kind."""

    node: str
    seen_at: datetime
    banned: dict[str, int]
    """Addresses (networks of IPv6) that sent too much, and for how many seconds more nothing of them is read."""
    locked_users: list[str]
    """`name@domain` for which too many wrong passwords came: whoever guessed is refused for a quarter of an hour."""
    locked_addresses: list[str]
    counters: dict[str, int]
    """How often the node has refused something since it began, by reason."""


class ShownDefences(msgspec.Struct):
    nodes: list[ShownDefence]


@get("/carriers", responses=refusals())
async def get_carriers(request: OperatorRequest) -> ShownCarriers:
    """Every carrier that is set up, with its stock."""
    found = await list_carriers(request.database, request.ports.carriers)
    return ShownCarriers(
        [
            ShownCarrier(
                carrier.name,
                "local" if carrier.is_local else "remote",
                Stock(**{state.value: carrier.stock.get(state, 0) for state in ItemState}),
                carrier.is_estimated,
            )
            for carrier in found
        ]
    )


@get("/refused_calls", responses=refusals() | shown(Paged[ShownRefusedCall], 200))
async def list_refused_calls(request: OperatorRequest, page: Paging) -> dict[str, object]:
    """Calls that were refused before any account was known, newest first, each with the reason."""
    found = await refused_calls.list_refused_calls(request.database, before=page.before, limit=page.fetch)
    return show_page(found, show_refused_call, page)


@get("/defence", responses=refusals())
async def get_defence(request: OperatorRequest) -> ShownDefences:
    """What each voice node that lives refuses to strangers, as it told a second ago."""
    return ShownDefences(
        [
            ShownDefence(
                node=found.node,
                seen_at=found.seen_at,
                banned=dict(found.report.banned),
                locked_users=list(found.report.locked_users),
                locked_addresses=list(found.report.locked_addresses),
                counters=dict(found.report.counters),
            )
            for found in await list_defences(request.database, request.now)
        ]
    )


def show_refused_call(call: RefusedCall) -> ShownRefusedCall:
    return ShownRefusedCall(
        id=call.id,
        source_host=call.source_host,
        source=call.raw_source,
        destination=call.raw_destination,
        sip_code=call.sip_code,
        reason=call.reason,
        route=call.route,
        created_at=call.created_at,
    )


router = Router("/", route_handlers=[get_carriers, get_defence, list_refused_calls], tags=["Traffic"])
