"""Porting out: who asks for a number of ours, yes or no, and the PIN without which nobody can ask."""

from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.numbering.port_outs import PortOutStatus
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.services.numbering.port_outs import (
    approve_port_out,
    has_port_out_pin,
    list_port_outs,
    reject_port_out,
    set_port_out_pin,
)

_OUTS = "/projects/{project:uuid}/numbers/port-outs"

WORDS = {
    PortOutStatus.PENDING: ("Asks for your word", "wait"),
    PortOutStatus.AUTHORIZED: ("Leaves", "wait"),
    PortOutStatus.REJECTED: ("You kept it", "good"),
    PortOutStatus.PORTED: ("Left", ""),
    PortOutStatus.CANCELLED: ("No longer asked for", ""),
}


@page(_OUTS, deed=Deed.VIEW)
async def show_port_outs(request: PortalRequest) -> Response[str]:
    return await _show(request, Form())


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    cursor = request.fields.get("after")
    found = await list_port_outs(
        request.database, request.account_id, before=read_moment_cursor(cursor), limit=PAGE + 1
    )
    path = request.at("/numbers/port-outs")
    return await show(
        request,
        "port_outs.html",
        form=form,
        table=page_of(found, lambda each: each.created_at.isoformat(), path=path, filters={}, cursor=cursor),
        words=WORDS,
        has_pin=await has_port_out_pin(request.database, request.account_id),
    )


@action(f"{_OUTS}/pin", deed=Deed.BUY)
async def take_pin(request: PortalRequest) -> Response[str]:
    try:
        await set_port_out_pin(request.database, request.account_id, request.fields.get("pin"), request.now)
    except Refusal as refusal:
        return await _show(request, typed(request.fields).refuse(refusal))
    said = "The PIN is set. Whoever takes a number of yours to another carrier needs it."
    curl = json_curl(request, "PUT", "/v1.0/port_out_pin", {"pin": "..."})
    return await done(request, request.at("/numbers/port-outs"), said, curl=curl)


@action(f"{_OUTS}/{{asked:uuid}}/answer", deed=Deed.BUY)
async def take_answer(request: PortalRequest, asked: FromPath[UUID]) -> Response[str]:
    """Let the number go, or keep it."""
    path, now, fields = request.at("/numbers/port-outs"), await request.billing_now(), request.fields
    try:
        if fields.get("do") == "approve":
            gone = await approve_port_out(request.database, request.account_id, asked, now)
            curl = json_curl(request, "POST", f"/v1.0/port_outs/{asked}/approve")
            return await done(request, path, f"{gone.number} may go to {gone.carrier}.", curl=curl)
        kept = await reject_port_out(request.database, request.account_id, asked, fields.get("reason"), now)
    except Refusal as refusal:
        return await done(request, path, refusal.message, kind="bad")
    curl = json_curl(request, "POST", f"/v1.0/port_outs/{asked}/reject", {"reason": fields.get("reason")})
    return await done(request, path, f"{kept.number} stays here.", curl=curl)


HANDLERS: list[HTTPRouteHandler] = [show_port_outs, take_pin, take_answer]
