"""One flow: its editor, dry runs, publishing and canaries, and which numbers run it.

Each form works by itself. The scripts of the editor send the same forms and ask for JSON.
"""

from dataclasses import replace
from uuid import UUID

import msgspec
from litestar import Response
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.flows.flow import FlowDraft
from dialplane.domain.flows.validation import find_faults
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import FlowId
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.numbers import Number, NumberFilter
from dialplane.domain.numbering.targets import FlowTarget, TargetsChange
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.errors import status_of
from dialplane.faces.portal.flow_forms import following_of, question_of, read_flow_text, script_of
from dialplane.faces.portal.flow_view import Played, flow_page, kept_form, played_shape
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.numbering.numbers import list_numbers_after, set_targets
from dialplane.services.programs.dry_run import Draft, dry_run
from dialplane.services.programs.flow_releases import (
    DraftChange,
    discard_draft,
    publish_draft,
    save_draft,
    set_canary,
    stop_canary,
)
from dialplane.services.programs.flows import get_flow
from dialplane.services.shapes.flows import draft_shape, fault_shape

_FLOW = "/projects/{project:uuid}/flows/{flow:uuid}"


@page(_FLOW, deed=Deed.VIEW)
async def show_flow(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    return await _show(request, FlowId(flow))


async def _show(
    request: PortalRequest, flow_id: FlowId, *, form: Form | None = None, played: Played | None = None
) -> Response[str]:
    shown = await flow_page(request, flow_id, played)
    form = form or await kept_form(request, flow_id)
    return await show(request, "flow.html", status=200, form=form, **shown)


# --- the draft -------------------------------------------------------------------------------------------------------


@action(f"{_FLOW}/draft", deed=Deed.CONFIGURE)
async def take_draft(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    """Keep what is being written, whatever faults it still has."""
    try:
        draft = await _save(request, FlowId(flow))
    except Refusal as refusal:
        return await _refused(request, FlowId(flow), refusal)
    if _wants_json(request):
        return _json(draft_shape(draft, find_faults(draft.actions)))
    return await done(request, request.at(f"/flows/{flow}"), "The draft is saved.", curl=_curl(request, draft, "PUT"))


async def _save(request: PortalRequest, flow_id: FlowId) -> FlowDraft:
    fields = request.fields
    given = read_flow_text(fields.raw("actions"))
    revision = fields.get("revision")
    change = DraftChange(
        given.name if given.name is not None else fields.get("name"),
        given.detail if given.detail is not None else fields.get("detail"),
        given.actions,
        following_of(fields),
        int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else None,
    )
    return await save_draft(request.database, request.account_id, flow_id, change, request.now)


@action(f"{_FLOW}/check", deed=Deed.VIEW)
async def take_check(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    """Every fault of the actions, in the validator's words. Nothing is kept. For scripts."""
    await get_flow(request.database, request.account_id, FlowId(flow))
    try:
        given = read_flow_text(request.fields.raw("actions"))
    except Invalid as refusal:
        return _json({"faults": [fault_shape(refusal)]})
    return _json({"faults": [fault_shape(fault) for fault in find_faults(given.actions)]})


@action(f"{_FLOW}/discard", deed=Deed.CONFIGURE)
async def take_discard(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    draft = await discard_draft(request.database, request.account_id, FlowId(flow))
    return await done(request, request.at(f"/flows/{flow}"), "The draft is gone.", curl=_curl(request, draft, "DELETE"))


# --- publishing ------------------------------------------------------------------------------------------------------


@action(f"{_FLOW}/publish", deed=Deed.CONFIGURE)
async def take_publish(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    """Save the draft as the form has it, and let calls run it: all of them, or a share."""
    try:
        percent = _percent(request)
        await _save(request, FlowId(flow))
        published = await publish_draft(request.database, request.account_id, FlowId(flow), percent, request.now)
    except Refusal as refusal:
        return await _refused(request, FlowId(flow), refusal)
    canary = published.canary
    said = f"Version {published.version} is live: the next call runs it."
    if canary is not None:
        said = f"{canary.percent} % of the calls take version {canary.version}; the others stay on {published.version}."
    line = json_curl(request, "POST", f"/v1.0/flows/{flow}/publish", {"percent": percent})
    return await done(request, request.at(f"/flows/{flow}"), said, curl=line)


@action(f"{_FLOW}/canary", deed=Deed.CONFIGURE)
async def take_canary(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    """Another share, all of the calls, or none."""
    database, account_id, now = request.database, request.account_id, request.now
    path = f"/flows/{flow}/canary"
    try:
        if request.fields.get("do") == "stop":
            changed = await stop_canary(database, account_id, FlowId(flow), now)
            said = f"All calls take version {changed.version} again."
            line = json_curl(request, "DELETE", f"/v1.0{path}")
        else:
            percent = 100 if request.fields.get("do") == "promote" else _percent(request)
            changed = await set_canary(database, account_id, FlowId(flow), percent, now)
            said = f"Version {changed.version} is live for all calls."
            if changed.canary is not None:
                said = f"{percent} % of the calls take version {changed.canary.version} from now on."
            line = json_curl(request, "PUT", f"/v1.0{path}", {"percent": percent})
    except Refusal as refusal:
        return await done(request, request.at(f"/flows/{flow}"), refusal.message, kind="bad")
    return await done(request, request.at(f"/flows/{flow}"), said, curl=line)


def _percent(request: PortalRequest) -> int:
    text = request.fields.get("percent")
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        raise Invalid("Enter a whole percentage from 1 to 100", field="percent")
    return int(text)


# --- dry run ---------------------------------------------------------------------------------------------------------


@action(f"{_FLOW}/dry-run", deed=Deed.VIEW)
async def take_dry_run(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    """Play what the editor holds; where the form holds nothing, the draft or the flow as it is kept."""
    try:
        played = await _play(request, FlowId(flow))
    except Refusal as refusal:
        if _wants_json(request):
            return _json({"faults": [fault_shape(_invalid(refusal))]}, status_of(refusal))
        kept = await kept_form(request, FlowId(flow))
        said = f"The dry run could not begin: {refusal.message}"
        return await _show(request, FlowId(flow), form=replace(kept, problem=said))
    if _wants_json(request):
        return _json(played_shape(played))
    return await _show(request, FlowId(flow), played=played)


async def _play(request: PortalRequest, flow_id: FlowId) -> Played:
    text = request.fields.raw("actions") or (await kept_form(request, flow_id))["actions"]
    given = read_flow_text(text)
    script = script_of(request.fields, request.now)
    run = await dry_run(request.database, request.account_id, Draft(actions=given.actions), script)
    question = {**question_of(request.fields), "actions": "…"}
    return Played(run, json_curl(request, "POST", "/v1.0/dry_run", question))


# --- numbers ---------------------------------------------------------------------------------------------------------


@action(f"{_FLOW}/assign", deed=Deed.CONFIGURE)
async def take_assign(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    """Let a number run the flow, for calls or messages."""
    back = request.at(f"/flows/{flow}")
    try:
        number = await _own_number(request)
        target = FlowTarget(flow)
        change = (
            TargetsChange(message=target) if request.fields.get("for") == "messages" else TargetsChange(voice=target)
        )
        by = Actor(ActorKind.PERSON, request.person.id)
        changed = await set_targets(request.database, request.account_id, number.id, change, request.now, by=by)
    except Refusal as refusal:
        return await done(request, back, refusal.message, kind="bad")
    what = "message" if request.fields.get("for") == "messages" else "call"
    field = "message_flow_id" if what == "message" else "call_flow_id"
    line = json_curl(request, "PUT", f"/v1.0/numbers/{changed.id}/flow_ids", {field: str(flow)})
    return await done(request, back, f"The next {what} to {changed.number} runs this flow.", curl=line)


async def _own_number(request: PortalRequest) -> Number:
    typed_in = "".join(each for each in request.fields.get("number") if each.isdigit() or each == "+")
    wanted = NumberFilter(contains=typed_in.lstrip("+"))
    found = await list_numbers_after(request.database, request.account_id, wanted, after=None, limit=2)
    if not typed_in or not found:
        raise Invalid("Choose a number of this project", field="number")
    exact = [each for each in found if each.number.lstrip("+") == typed_in.lstrip("+")]
    if not exact and len(found) > 1:
        raise Invalid("Several numbers fit: write the whole number", field="number")
    return (exact or found)[0]


# --- parts -----------------------------------------------------------------------------------------------------------


async def _refused(request: PortalRequest, flow_id: FlowId, refusal: Refusal) -> Response[str]:
    if _wants_json(request):
        return _json({"faults": [fault_shape(_invalid(refusal))]}, status_of(refusal))
    name = "actions" if refusal.field.startswith("actions") else refusal.field
    form = typed(request.fields).refuse(Invalid(refusal.message, field=name))
    return await _show(request, flow_id, form=form)


def _invalid(refusal: Refusal) -> Invalid:
    return Invalid(refusal.message, reason=refusal.reason, field=refusal.field)


def _wants_json(request: PortalRequest) -> bool:
    return request.headers.get("accept") == MediaType.JSON


def _json(shown: object, status: int = 200) -> Response[str]:
    return Response(msgspec.json.encode(shown).decode(), media_type=MediaType.JSON, status_code=status)


def _curl(request: PortalRequest, draft: FlowDraft, method: str) -> str:
    body_file = "" if method == "DELETE" else "flow.json"
    return json_curl(request, method, f"/v1.0/flows/{draft.flow_id}/draft", body_file=body_file)


HANDLERS: list[HTTPRouteHandler] = [
    show_flow,
    take_draft,
    take_check,
    take_discard,
    take_publish,
    take_canary,
    take_dry_run,
    take_assign,
]
