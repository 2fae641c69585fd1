"""Carriers with their stock, and trunks: who brings and takes PSTN calls, and whether they answer."""

from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Refusal
from dialplane.domain.ids import TrunkId
from dialplane.domain.supply.inventory import ItemState
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.desk.reading import DESK, account_in, whole_number
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.calling.trunk_health import probe_trunk
from dialplane.services.calling.trunks import TrunkDraft, create_trunk, list_trunks, remove_trunk
from dialplane.services.supply.stock import list_carriers
from dialplane.services.tenancy.accounts import names_of

_HIGHEST_PRIORITY = 1_000_000


@page("/operator/carriers")
async def show_carriers(request: PortalRequest) -> Response[str]:
    return await _show(request, Form({"priority": "10"}))


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    trunks = await list_trunks(request.database)
    return await show(
        request,
        "desk/carriers.html",
        form=form,
        carriers=await list_carriers(request.database, request.ports.carriers),
        states=list(ItemState),
        trunks=trunks,
        names=await names_of(request.database, {trunk.account_id for trunk in trunks if trunk.account_id}),
    )


@action("/operator/trunks")
async def take_trunk(request: PortalRequest) -> Response[str]:
    fields = request.fields
    try:
        draft = TrunkDraft(
            name=fields.get("name"),
            account_id=account_in(fields.get("account_id"), field="account_id"),
            networks=fields.get("networks").replace(",", " ").split(),
            host=fields.get("host"),
            port=whole_number(fields.get("port"), field="port", most=65535) if fields.get("port") else None,
            transport=fields.get("transport") or None,
            username=fields.get("username"),
            password=fields.raw("password"),
            priority=whole_number(fields.get("priority"), field="priority", most=_HIGHEST_PRIORITY),
        )
        made = await create_trunk(request.database, draft, now=request.now)
    except Refusal as refusal:
        return await _show(request, typed(fields).refuse(refusal))
    said = f"The trunk {made.name} is there; calls follow it at once."
    line = operator_curl(request, "POST", "/trunks", {"name": made.name, "networks": list(draft.networks)})
    return await done(request, f"{DESK}/carriers", said, curl=line)


@action("/operator/trunks/{trunk:uuid}/check")
async def take_check(request: PortalRequest, trunk: FromPath[UUID]) -> Response[str]:
    """Ask the peer whether it is there, from this machine."""
    try:
        asked, probe = await probe_trunk(request.database, request.portal.prober, TrunkId(trunk))
    except Refusal as refusal:
        return await done(request, f"{DESK}/carriers", refusal.message, kind="bad")
    if probe.status is None:
        return await done(request, f"{DESK}/carriers", f"{asked.name}: {probe.said}.", kind="bad")
    said = f"{asked.name} answers {probe.status} after {probe.took_ms} ms."
    return await done(request, f"{DESK}/carriers", said, kind="good" if probe.is_well else "bad")


@action("/operator/trunks/{trunk:uuid}/remove")
async def take_removal(request: PortalRequest, trunk: FromPath[UUID]) -> Response[str]:
    try:
        removed = await remove_trunk(request.database, TrunkId(trunk), now=request.now)
    except Refusal as refusal:
        return await done(request, f"{DESK}/carriers", refusal.message, kind="bad")
    said = f"The trunk {removed.name} is removed; live calls go on."
    return await done(request, f"{DESK}/carriers", said, curl=operator_curl(request, "DELETE", f"/trunks/{trunk}"))


HANDLERS: list[HTTPRouteHandler] = [show_carriers, take_trunk, take_check, take_removal]
