"""What each plan allows, and by which rate deck its accounts pay."""

from dataclasses import fields as fields_of

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.tenancy.accounts import Plan
from dialplane.domain.tenancy.plans import PlanLimits
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.desk.reading import DESK, chosen
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.charging.rates import assign_deck_to_plan, list_rate_decks
from dialplane.services.tenancy.plans import change_plan, list_limits

_LIMITS = [field.name for field in fields_of(PlanLimits)]
_MOST = 1_000_000_000


@page("/operator/plans")
async def show_plans(request: PortalRequest) -> Response[str]:
    return await _show(request, Form(), "")


async def _show(request: PortalRequest, form: Form, refused: str) -> Response[str]:
    decks = await list_rate_decks(request.database)
    return await show(
        request,
        "desk/plans.html",
        form=form,
        refused=refused,
        plans=await list_limits(request.database),
        limits=_LIMITS,
        decks=[(deck.id, deck.name or deck.id) for deck in decks],
        deck_of={plan: deck.id for deck in decks for plan in deck.plans},
    )


@action("/operator/plans/{plan:str}")
async def take_plan(request: PortalRequest, plan: FromPath[str]) -> Response[str]:
    """Limits and deck; an empty limit is none."""
    fields = request.fields
    try:
        changed = chosen(Plan, plan, field="")
        limits = {name: _limit(fields.get(name), name) for name in _LIMITS}
        if limits["tokens_a_month"] is None:
            raise Invalid("Enter a number", field="tokens_a_month")
        await assign_deck_to_plan(request.database, changed, fields.get("rate_deck") or None)
        await change_plan(request.database, changed, **limits)
    except Refusal as refusal:
        return await _show(request, typed(fields).refuse(refusal), plan)
    said = f"The plan {changed} is changed, for whatever is made from now on."
    line = operator_curl(request, "PATCH", f"/plans/{changed}", limits)
    return await done(request, f"{DESK}/plans", said, curl=line)


def _limit(text: str, field: str) -> int | None:
    """Raises Invalid."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > _MOST:
        raise Invalid("Enter a number, or nothing for no limit", field=field)
    return int(text)


HANDLERS: list[HTTPRouteHandler] = [show_plans, take_plan]
