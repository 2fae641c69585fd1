"""What an account may call, write and spend outwards at most, and the pause of traffic that costs far more than
usual."""

from dataclasses import fields as fields_of
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.calling.outbound_limits import MAX_COUNT, OutboundLimits
from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros, show_usd
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Fields, Form, typed
from dialplane.faces.portal.pages.billing import read_amount
from dialplane.faces.portal.pages.desk.reading import DESK
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.calling.outbound_limits import (
    find_outbound_pause,
    get_outbound_limits,
    lift_outbound_pause,
    set_outbound_limits,
)
from dialplane.services.tenancy.accounts import get_account

_COUNTS = {
    "concurrent_calls": "Calls at a time",
    "calls_per_second": "Calls a second",
    "minutes_per_hour": "Minutes an hour",
    "country_minutes_per_hour": "Minutes an hour to one country",
    "messages_per_hour": "Messages an hour",
    "country_messages_per_hour": "Messages an hour to one country",
}
_SUMS = {
    "price_per_minute": "USD a minute of one call",
    "spend_per_hour": "USD an hour",
    "spend_per_day": "USD a day",
    "spend_per_month": "USD a month",
}
_PATH = "/operator/accounts/{account:uuid}/outbound"


@page(_PATH)
async def show_outbound(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    limits = await get_outbound_limits(request.database, AccountId(account))
    return await _show(request, AccountId(account), Form(_written(limits)))


async def _show(request: PortalRequest, account_id: AccountId, form: Form) -> Response[str]:
    return await show(
        request,
        "desk/outbound.html",
        form=form,
        account=await get_account(request.database, account_id),
        pause=await find_outbound_pause(request.database, account_id),
        counts=_COUNTS,
        sums=_SUMS,
    )


@action(f"{_PATH}/limits")
async def take_limits(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    """All at once: a field that is left empty has no limit."""
    try:
        limits = _read(request.fields)
        await set_outbound_limits(request.database, AccountId(account), limits, request.now)
    except Refusal as refusal:
        return await _show(request, AccountId(account), typed(request.fields).refuse(refusal, amount="spend_per_hour"))
    line = operator_curl(request, "PUT", f"/accounts/{account}/outbound_limits", _as_sent(limits))
    return await done(request, _at(account), "The limits hold from the next call and message on.", curl=line)


@action(f"{_PATH}/lift")
async def take_lift(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    await lift_outbound_pause(request.database, AccountId(account), request.now)
    line = operator_curl(request, "DELETE", f"/accounts/{account}/outbound_pause")
    return await done(request, _at(account), "The account calls and texts again.", curl=line)


def _at(account: UUID) -> str:
    return f"{DESK}/accounts/{account}/outbound"


def _written(limits: OutboundLimits) -> dict[str, str]:
    """As the form shows them."""
    held: dict[str, int | None] = {each.name: getattr(limits, each.name) for each in fields_of(limits)}
    return {
        name: str(value) if name in _COUNTS else show_usd(Micros(value))
        for name, value in held.items()
        if value is not None
    }


def _as_sent(limits: OutboundLimits) -> dict[str, object]:
    """As the operator's API takes them."""
    held = {each.name: getattr(limits, each.name) for each in fields_of(limits)}
    return {name if name in _COUNTS else f"{name}_micros": value for name, value in held.items() if value is not None}


def _read(fields: Fields) -> OutboundLimits:
    """Raises Invalid naming the field."""
    return OutboundLimits(
        concurrent_calls=_count(fields, "concurrent_calls"),
        calls_per_second=_count(fields, "calls_per_second"),
        minutes_per_hour=_count(fields, "minutes_per_hour"),
        country_minutes_per_hour=_count(fields, "country_minutes_per_hour"),
        messages_per_hour=_count(fields, "messages_per_hour"),
        country_messages_per_hour=_count(fields, "country_messages_per_hour"),
        **{name: _sum(fields, name) for name in _SUMS},
    )


def _count(fields: Fields, name: str) -> int | None:
    text = fields.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_COUNT))):
        raise Invalid(f"Enter a whole number up to {MAX_COUNT:,}, or nothing", field=name)
    return int(text)


def _sum(fields: Fields, name: str) -> Micros | None:
    text = fields.get(name)
    try:
        return read_amount(text) if text else None
    except Invalid as refusal:
        raise Invalid(f"{refusal.message}, or nothing", field=name) from None


HANDLERS: list[HTTPRouteHandler] = [show_outbound, take_limits, take_lift]
