"""The project's flows: the list, new ones from templates and files, copies, the way out."""

from uuid import UUID

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.flows.flow import Flow
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import FlowId, find_uuid
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.flow_forms import read_flow_text
from dialplane.faces.portal.flow_wishes import HOURS, TEMPLATES, make_flow, template_of
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_cursor
from dialplane.faces.portal.zones import ZONES
from dialplane.services.programs.flows import (
    FlowChange,
    create_flow,
    delete_flow,
    get_flow,
    search_flows,
)
from dialplane.services.rooms.queues import list_queues
from dialplane.services.shapes.flows import flow_shape

_MANY = 200
_COPIED = ("name", "detail", "actions", "on_complete_flow_id")
"""What of a flow is the same elsewhere."""


@page("/projects/{project:uuid}/flows", deed=Deed.VIEW)
async def show_flows(request: PortalRequest) -> Response[str]:
    wanted = request.fields.get("q")[:255]
    cursor = read_cursor(request.fields.get("after"))
    after = find_uuid(cursor)
    found = await search_flows(
        request.database,
        request.account_id,
        contains=wanted,
        after=FlowId(after) if after else None,
        limit=PAGE + 1,
    )
    table = page_of(found, lambda each: str(each.id), path=request.at("/flows"), filters={"q": wanted}, cursor=cursor)
    return await show(request, "flows.html", form=typed(request.fields), table=table, is_filtered=bool(wanted))


@page("/projects/{project:uuid}/flows/new", deed=Deed.CONFIGURE)
async def show_new(request: PortalRequest) -> Response[str]:
    return await _show_new(request, request.fields.get("template"), Form())


async def _show_new(request: PortalRequest, name: str, form: Form) -> Response[str]:
    template = template_of(name)
    queues = await list_queues(request.database, request.account_id, before=None, limit=_MANY)
    if template and not form.is_refused:
        form = Form({**template.defaults, "name": template.title, "timezone": request.person.timezone})
    return await show(
        request,
        "flow_new.html",
        form=form,
        templates=TEMPLATES,
        chosen=template,
        zones=[(zone, zone) for zone in ZONES],
        hours=[(hour, f"{hour.zfill(2)}:00") for hour in HOURS],
        queues=[(str(line.queue.id), line.queue.name or "unnamed") for line in queues],
    )


@action("/projects/{project:uuid}/flows", deed=Deed.CONFIGURE)
async def take_new(request: PortalRequest) -> Response[str]:
    """A flow from a template."""
    fields = request.fields
    try:
        made = await make_flow(request.database, request.account_id, fields, request.now)
    except Refusal as refusal:
        return await _show_new(request, fields.get("template"), typed(fields).refuse(refusal))
    return await _made(request, made, f"{made.name} is made. No number runs it yet.")


@action("/projects/{project:uuid}/flows/import", deed=Deed.CONFIGURE)
async def take_import(request: PortalRequest) -> Response[str]:
    """A flow from JSON: typed, or a file that an export gave."""
    fields = request.fields
    try:
        text = await _json_of(request)
        given = read_flow_text(text, field="json")
        # What it is followed by belongs to the project that it comes from.
        change = FlowChange(fields.get("name") or given.name or "Imported flow", given.detail, given.actions)
        made = await create_flow(request.database, request.account_id, change, request.now)
    except Refusal as refusal:
        form = typed(fields).refuse(Invalid(refusal.message, field="name" if refusal.field == "name" else "json"))
        return await _show_new(request, "import", form)
    return await _made(request, made, f"{made.name} is imported with {len(made.actions)} steps.")


async def _json_of(request: PortalRequest) -> str:
    form = await request.form()
    file = form.get("file")
    if file is None or isinstance(file, str) or not file.filename:
        return request.fields.raw("json")
    try:
        content: bytes = await file.read()
        return content.decode()
    except UnicodeDecodeError as fault:
        raise Invalid("The file is not text in UTF-8", field="json") from fault


@action("/projects/{project:uuid}/flows/{flow:uuid}/duplicate", deed=Deed.CONFIGURE)
async def take_duplicate(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    held = await get_flow(request.database, request.account_id, FlowId(flow))
    change = FlowChange(
        f"{held.name[:240]} (copy)",
        held.detail,
        [each.document() for each in held.actions],
        held.on_complete_flow_id,
    )
    try:
        made = await create_flow(request.database, request.account_id, change, request.now)
    except Refusal as refusal:
        return await done(request, request.at(f"/flows/{flow}"), refusal.message, kind="bad")
    return await _made(request, made, f"This is a copy of {held.name}. No number runs it yet.")


@action("/projects/{project:uuid}/flows/{flow:uuid}/delete", deed=Deed.CONFIGURE)
async def take_delete(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    """Refused while a number runs it."""
    try:
        gone = await delete_flow(request.database, request.account_id, FlowId(flow), request.now, unless_used=True)
    except Refusal as refusal:
        said = f"It stays: {refusal.message}. Give the number something else to do first."
        return await done(request, request.at(f"/flows/{flow}"), said, kind="bad")
    line = json_curl(request, "DELETE", f"/v1.0/flows/{gone.id}")
    return await done(request, request.at("/flows"), f"{gone.name or 'The flow'} is deleted.", curl=line)


@page("/projects/{project:uuid}/flows/{flow:uuid}/export.json", deed=Deed.VIEW)
async def export(request: PortalRequest, flow: FromPath[UUID]) -> Response[bytes]:
    """The flow as the API takes it, and as `dialplane flow test` reads it."""
    held = await get_flow(request.database, request.account_id, FlowId(flow))
    shown = {name: value for name, value in flow_shape(held).items() if name in _COPIED}
    return Response(
        msgspec.json.format(msgspec.json.encode(shown), indent=2),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="flow-{held.id}.json"'},
    )


async def _made(request: PortalRequest, made: Flow, said: str) -> Response[str]:
    line = json_curl(request, "POST", "/v1.0/flows", body_file="flow.json")
    return await done(request, request.at(f"/flows/{made.id}"), said, curl=line)


HANDLERS: list[HTTPRouteHandler] = [
    show_flows,
    show_new,
    take_new,
    take_import,
    take_duplicate,
    take_delete,
    export,
]
