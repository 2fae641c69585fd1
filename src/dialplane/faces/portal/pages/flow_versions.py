"""The versions of a flow: what differs between any two, the way back, and editing an old one again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.flows.differences import Change, Difference, compare_actions
from dialplane.domain.flows.flow import Flow, FlowVersion
from dialplane.domain.flows.wording import ACTION_WORDS
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import FlowId
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.flow_view import version_label
from dialplane.faces.portal.forms import Form
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, Page, page_of, read_cursor
from dialplane.services.programs.flow_releases import draft_from_version, find_draft
from dialplane.services.programs.flows import MAX_VERSIONS, get_flow, get_version, list_versions, roll_back

_FLOW = "/projects/{project:uuid}/flows/{flow:uuid}"
DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared."""

    label: str
    name: str
    detail: str
    actions: Sequence[dict[str, object]]


@page(f"{_FLOW}/versions", deed=Deed.VIEW)
async def show_versions(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    """All that are kept, newest first; the two that are chosen side by side, else the newest and the one before."""
    held = await get_flow(request.database, request.account_id, FlowId(flow))
    draft = await find_draft(request.database, request.account_id, held.id)
    form = Form(_compared(request, held, has_draft=draft is not None))
    old, new = await _side(request, held.id, form["old"]), await _side(request, held.id, form["new"])
    oldest = max(held.last_version - MAX_VERSIONS, 0)
    choices = [(str(number), f"Version {number}") for number in range(held.last_version, oldest, -1)]
    return await show(
        request,
        "flow_versions.html",
        flow=held,
        table=await _table(request, held.id),
        label=lambda version: version_label(held, version),
        choices=[*([(DRAFT, "Draft")] if draft else []), *choices],
        form=form,
        old=old,
        new=new,
        differences=[each for each in compare_actions(old.actions, new.actions) if each.change is not Change.SAME],
        title_of=_title,
        old_text=_text_of(old),
        new_text=_text_of(new),
    )


def _compared(request: PortalRequest, flow: Flow, *, has_draft: bool) -> dict[str, str]:
    """What was chosen; else what is live and what would follow it, or what is live and the version before it."""
    following = DRAFT if has_draft else flow.canary and flow.canary.version
    old, new = (flow.version, following) if following else (max(flow.version - 1, 1), flow.version)
    return {"old": request.fields.get("old") or str(old), "new": request.fields.get("new") or str(new)}


async def _table(request: PortalRequest, flow_id: FlowId) -> Page[FlowVersion]:
    """A page of the versions, begun anew where the address says nothing that we wrote."""
    cursor = read_cursor(request.fields.get("after"))
    before = _moment(cursor)
    found = await list_versions(request.database, request.account_id, flow_id, before=before, limit=PAGE + 1)
    path = request.at(f"/flows/{flow_id}/versions")
    return page_of(found, lambda each: each.created_at.isoformat(), path=path, filters={}, cursor=cursor)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


async def _side(request: PortalRequest, flow_id: FlowId, chosen: str) -> Side:
    """Raises NotFound (FLOW_VERSION_NOT_FOUND)."""
    if chosen == DRAFT:
        draft = await find_draft(request.database, request.account_id, flow_id)
        if draft is not None:
            actions = [each for each in draft.actions if isinstance(each, dict)]
            return Side("the draft", draft.name, draft.detail, actions)
    version = await _version(request, flow_id, chosen)
    actions = [action.document() for action in version.actions]
    return Side(f"version {version.version}", version.name, version.detail, actions)


async def _version(request: PortalRequest, flow_id: FlowId, text: str) -> FlowVersion:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotFound("There is no such version of the flow", reason="FLOW_VERSION_NOT_FOUND", field="version")
    return await get_version(request.database, request.account_id, flow_id, int(text))


def _title(difference: Difference) -> str:
    return _title_of(str(difference.action.get("type", "")))


def _title_of(kind: str) -> str:
    return ACTION_WORDS[kind].title if kind in ACTION_WORDS else kind or "A step"


def _text_of(side: Side) -> Callable[[object], str]:
    """Writes what a field holds as its author would: a jump names its step."""
    steps = {
        str(action.get("id")): f"step {at + 1}, {_title_of(str(action.get('type')))}"
        for at, action in enumerate(side.actions)
    }

    def text(value: object) -> str:
        if isinstance(value, str):
            return steps.get(value, value)
        return msgspec.json.encode(value).decode()

    return text


@action(f"{_FLOW}/rollback", deed=Deed.CONFIGURE)
async def take_rollback(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    chosen = await _version(request, FlowId(flow), request.fields.get("version"))
    now = await roll_back(request.database, request.account_id, FlowId(flow), chosen.version, request.now)
    said = f"The flow is as version {chosen.version} was; that is version {now.version}, and the next call runs it."
    line = json_curl(request, "POST", f"/v1.0/flows/{flow}/rollback", {"version": chosen.version})
    return await done(request, request.at(f"/flows/{flow}"), said, curl=line)


@action(f"{_FLOW}/edit-version", deed=Deed.CONFIGURE)
async def take_edit(request: PortalRequest, flow: FromPath[UUID]) -> Response[str]:
    """Begin the draft with what a version was."""
    chosen = await _version(request, FlowId(flow), request.fields.get("version"))
    await draft_from_version(request.database, request.account_id, FlowId(flow), chosen.version, request.now)
    line = json_curl(request, "POST", f"/v1.0/flows/{flow}/draft", {"version": chosen.version})
    said = f"The draft is as version {chosen.version} was."
    return await done(request, request.at(f"/flows/{flow}"), said, curl=line)


HANDLERS: list[HTTPRouteHandler] = [show_versions, take_rollback, take_edit]
