"""One call's page: facts, why it went there, its course, its signalling, its recordings, and a replay of it."""

import json
from dataclasses import dataclass
from uuid import UUID

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.timelines import Happening
from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import CallId
from dialplane.domain.recording.recordings import RecordingQuery
from dialplane.faces.portal.call_words import KINDS, line_of
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.ladder import draw, messages_of
from dialplane.faces.portal.pages.recordings import shown_recordings
from dialplane.faces.portal.rendering import show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.services.calling.calls import get_call
from dialplane.services.calling.timelines import analyse_signalling, call_timeline, capture_signalling
from dialplane.services.charging.call_prices import call_prices
from dialplane.services.programs.dry_run import Draft
from dialplane.services.programs.flows import list_flows
from dialplane.services.programs.replays import replay_call
from dialplane.services.recording.recordings import query_recordings

_CALL = "/projects/{project:uuid}/calls/{call:uuid}"
_MOST_FLOWS = 100
_MOST_RECORDINGS = 50
_PCAP = "application/vnd.tcpdump.pcap"


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the timeline."""

    happening: Happening
    after_s: float
    """Since the call began."""
    line: str
    details: str
    """Everything that is known of it, as JSON."""


@page(_CALL, deed=Deed.VIEW)
async def show_call(request: PortalRequest, call: FromPath[UUID]) -> Response[str]:
    found = await get_call(request.database, request.account_id, CallId(call))
    happened = await call_timeline(request.database, request.account_id, found.id)
    messages = messages_of(happened)
    recordings, _ = await query_recordings(
        request.database, request.account_id, RecordingQuery(call_id=found.id, limit=_MOST_RECORDINGS)
    )
    return await show(
        request,
        "call.html",
        call=found,
        price=(await call_prices(request.database, [found])).get(found.id),
        steps=[_step(found, each) for each in happened if each.kind != "sip"],
        kinds=KINDS,
        messages=messages,
        ladder=draw(messages),
        analysis=await analyse_signalling(request.database, request.account_id, found.id) if messages else None,
        route=found.route,
        recordings=await shown_recordings(request, recordings),
    )


def _step(call: Call, happening: Happening) -> Step:
    details = json.dumps(dict(happening.data), indent=2, default=str, ensure_ascii=False)
    return Step(happening, (happening.at - call.created_at).total_seconds(), line_of(happening), details)


@page(f"{_CALL}/capture.pcap", deed=Deed.VIEW)
async def download_capture(request: PortalRequest, call: FromPath[UUID]) -> Response[bytes]:
    """The signalling for Wireshark, credentials blanked."""
    captured = await capture_signalling(request.database, request.account_id, CallId(call))
    headers = {"Content-Disposition": f'attachment; filename="{call}.pcap"'}
    return Response(captured, media_type=_PCAP, headers=headers)


@page(f"{_CALL}/replay", deed=Deed.VIEW)
async def ask_replay(request: PortalRequest, call: FromPath[UUID]) -> Response[str]:
    found = await get_call(request.database, request.account_id, CallId(call))
    return await _show_replay(request, found, Form({"flow": str(found.flow_id or "")}))


@action(f"{_CALL}/replay", deed=Deed.VIEW)
async def replay(request: PortalRequest, call: FromPath[UUID]) -> Response[str]:
    """Play what the caller did against a flow as it is now, or against a draft of one. Nothing is kept or charged."""
    found = await get_call(request.database, request.account_id, CallId(call))
    form = typed(request.fields)
    try:
        played = await replay_call(request.database, request.account_id, found.id, _draft(request))
    except Refusal as refusal:
        names = {"flow_id": "flow"}
        if refusal.field.startswith("actions"):  # such as actions[2].option.text, which the sentence names
            names[refusal.field] = "actions"
        return await _show_replay(request, found, form.refuse(refusal, **names))
    return await _show_replay(request, found, form, played=played)


async def _show_replay(request: PortalRequest, call: Call, form: Form, played: object = None) -> Response[str]:
    flows = await list_flows(request.database, request.account_id, before=None, limit=_MOST_FLOWS)
    return await show(
        request,
        "call_replay.html",
        form=form,
        call=call,
        played=played,
        flows=[(str(flow.id), f"{flow.name or flow.id} (version {flow.version})") for flow in flows],
    )


def _draft(request: PortalRequest) -> Draft:
    """Raises Invalid naming the form's field."""
    flow, actions = request.fields.get("flow"), request.fields.get("actions")
    if actions:
        try:
            return Draft(actions=msgspec.json.decode(actions))
        except (msgspec.DecodeError, RecursionError):
            raise Invalid("The draft is no JSON", field="actions") from None
    try:
        return Draft(flow_id=UUID(flow) if flow else None)
    except ValueError:
        raise Invalid("Choose a flow of the list", field="flow") from None


HANDLERS: list[HTTPRouteHandler] = [show_call, download_capture, ask_replay, replay]
