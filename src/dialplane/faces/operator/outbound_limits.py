"""What an account may call, write and spend outwards at most, as the operator sets it; the pause of what is unusual."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.outbound_limits import COUNTS, MAX_COUNT, MAX_MICROS, OutboundLimits, OutboundPause
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.faces.operator.answers import refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.calling import outbound_limits as service

_Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
_Micros = Annotated[int, msgspec.Meta(ge=0, le=MAX_MICROS)]


class ShownLimits(msgspec.Struct, forbid_unknown_fields=True):
    """null: no limit. Sums are micros of a dollar; an hour is the last sixty minutes, days and months are UTC's."""

    concurrent_calls: _Count | None = None
    calls_per_second: _Count | None = None
    price_per_minute_micros: _Micros | None = None
    """No call to a destination that costs more is placed."""
    spend_per_hour_micros: _Micros | None = None
    spend_per_day_micros: _Micros | None = None
    spend_per_month_micros: _Micros | None = None
    minutes_per_hour: _Count | None = None
    """Started minutes to the public network in the last sixty."""
    country_minutes_per_hour: _Count | None = None
    """The same, to any one country."""
    messages_per_hour: _Count | None = None
    """Messages to the public network in the last sixty minutes, one for each receiver."""
    country_messages_per_hour: _Count | None = None
    """The same, to any one country."""


@get("/accounts/{account_id:uuid}/outbound_limits", responses=refusals(404))
async def get_outbound_limits(request: OperatorRequest, account_id: FromPath[UUID]) -> ShownLimits:
    """The limits of one account."""
    return _show(await service.get_outbound_limits(request.database, AccountId(account_id)))


@put("/accounts/{account_id:uuid}/outbound_limits", responses=refusals(404, 413))
async def set_outbound_limits(
    request: OperatorRequest, account_id: FromPath[UUID], data: JSONBody[ShownLimits]
) -> ShownLimits:
    """Replace them all: what is left out has no limit. They hold from the next call and message on."""
    limits = OutboundLimits(
        concurrent_calls=data.concurrent_calls,
        calls_per_second=data.calls_per_second,
        price_per_minute=_micros(data.price_per_minute_micros),
        spend_per_hour=_micros(data.spend_per_hour_micros),
        spend_per_day=_micros(data.spend_per_day_micros),
        spend_per_month=_micros(data.spend_per_month_micros),
        minutes_per_hour=data.minutes_per_hour,
        country_minutes_per_hour=data.country_minutes_per_hour,
        messages_per_hour=data.messages_per_hour,
        country_messages_per_hour=data.country_messages_per_hour,
    )
    return _show(await service.set_outbound_limits(request.database, AccountId(account_id), limits, request.now))


class ShownPause(msgspec.Struct):
    """Whether calls and texts to the public network stand still, since when and why (FRD-5)."""

    paused: bool
    paused_at: datetime | None = None
    reason: str = ""


@get("/accounts/{account_id:uuid}/outbound_pause", responses=refusals(404))
async def get_outbound_pause(request: OperatorRequest, account_id: FromPath[UUID]) -> ShownPause:
    """An account that spends twenty times its usual hour is paused by itself."""
    return _show_pause(await service.find_outbound_pause(request.database, AccountId(account_id)))


@delete("/accounts/{account_id:uuid}/outbound_pause", status_code=200, responses=refusals(404))
async def lift_outbound_pause(request: OperatorRequest, account_id: FromPath[UUID]) -> ShownPause:
    """Let the account call and text again; what it has spent until now counts no more."""
    await service.lift_outbound_pause(request.database, AccountId(account_id), request.now)
    return _show_pause(None)


def _show_pause(pause: OutboundPause | None) -> ShownPause:
    return ShownPause(paused=False) if pause is None else ShownPause(True, pause.since, pause.says)


def _micros(amount: int | None) -> Micros | None:
    return None if amount is None else Micros(amount)


def _show(limits: OutboundLimits) -> ShownLimits:
    return ShownLimits(
        **{name if name in COUNTS else f"{name}_micros": value for name, value in asdict(limits).items()}
    )


router = Router(
    "/",
    route_handlers=[get_outbound_limits, set_outbound_limits, get_outbound_pause, lift_outbound_pause],
    tags=["Accounts"],
)
