"""Patterns: regular expressions that stand for many numbers, in the order in which calls try them, and a trial."""

from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.calling.routing import RouteDecision
from dialplane.domain.errors import Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.numbering.patterns import MAX_SUBJECT
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_cursor, read_id
from dialplane.faces.portal.targets_as_text import voice_words
from dialplane.services.calling.routing import explain
from dialplane.services.numbering.number_patterns import PatternChange, list_patterns_in_order, update_pattern
from dialplane.services.numbering.sip_numbers import create_pattern

_PATTERNS = "/projects/{project:uuid}/numbers/patterns"
_CALLER = "+12025550100"


@page(_PATTERNS, deed=Deed.VIEW)
async def show_patterns(request: PortalRequest) -> Response[str]:
    """With `dialled`, where a call to that would go."""
    dialled = request.fields.get("dialled")[:MAX_SUBJECT]
    decision = None
    if dialled:
        decision = await explain(request.database, request.account_id, "call", _CALLER, dialled, request.now)
    return await _show(request, Form({"dialled": dialled}), decision)


async def _show(request: PortalRequest, form: Form, decision: RouteDecision | None = None) -> Response[str]:
    cursor = read_cursor(request.fields.get("after"))
    after = read_id(cursor)
    found = await list_patterns_in_order(
        request.database, request.account_id, after=None if after is None else NumberId(after), limit=PAGE + 1
    )
    path = request.at("/numbers/patterns")
    table = page_of(found, lambda each: str(each.number.id), path=path, filters={}, cursor=cursor)
    return await show(request, "patterns.html", form=form, table=table, decision=decision, voice_words=voice_words)


@action(_PATTERNS, deed=Deed.CONFIGURE)
async def take_pattern(request: PortalRequest) -> Response[str]:
    fields = request.fields
    pattern, anchored = fields.get("pattern"), fields.is_on("anchored")
    wanted = NumberOrder(number=pattern, name=fields.get("name")[:255], by=Actor(ActorKind.PERSON, request.person.id))
    try:
        made = await create_pattern(request.database, request.account_id, wanted, request.now, anchored=anchored)
    except Refusal as refusal:
        return await _show(request, typed(fields).refuse(refusal, number="pattern"))
    curl = json_curl(request, "POST", "/v1.0/number_patterns", {"pattern": pattern, "anchored": anchored})
    said = "The pattern is taken. Say what its calls should do."
    return await done(request, request.at(f"/numbers/{made.id}"), said, curl=curl)


@action(f"{_PATTERNS}/{{pattern:uuid}}/anchor", deed=Deed.CONFIGURE)
async def take_anchor(request: PortalRequest, pattern: FromPath[UUID]) -> Response[str]:
    """Whether it must be the whole of what was dialled."""
    anchored = request.fields.is_on("anchored")
    change = PatternChange(anchored=anchored)
    path = request.at("/numbers/patterns")
    try:
        await update_pattern(request.database, request.account_id, NumberId(pattern), change, request.now)
    except Refusal as refusal:
        return await done(request, path, refusal.message, kind="bad")
    said = "It has to be the whole of what was dialled." if anchored else "It may stand anywhere in what was dialled."
    curl = json_curl(request, "PUT", f"/v1.0/number_patterns/{pattern}", {"anchored": anchored})
    return await done(request, path, said, curl=curl)


HANDLERS: list[HTTPRouteHandler] = [show_patterns, take_pattern, take_anchor]
