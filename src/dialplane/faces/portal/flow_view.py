"""What the page of one flow shows, however it is asked for: the draft or the flow, who runs it, and what came of it."""

import json
from dataclasses import dataclass

from dialplane.domain.flows.flow import Flow, FlowVersion
from dialplane.domain.ids import FlowId
from dialplane.domain.simulation.simulator import DryRun
from dialplane.faces.portal.forms import Form
from dialplane.faces.portal.rendering import show_money
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.zones import ZONES
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.programs.dry_run import dry_run_shape
from dialplane.services.programs.flow_releases import CanaryRuns, canary_runs, faults_of, find_draft
from dialplane.services.programs.flows import flow_names, get_flow, list_versions, numbers_using
from dialplane.services.rooms.conferences import list_conferences
from dialplane.services.rooms.queues import list_queues
from dialplane.services.shapes.flows import fault_shape

_SUGGESTED = 20
_MANY, _FEW = 200, 4


@dataclass(frozen=True, slots=True)
class Played:
    """A dry run with what was asked."""

    run: DryRun
    curl: str


async def flow_page(request: PortalRequest, flow_id: FlowId, played: Played | None) -> dict[str, object]:
    """For the template `flow.html`, all but its form."""
    database, account = request.database, request.account_id
    flow = await get_flow(database, account, flow_id)
    draft = await find_draft(database, account, flow_id)
    return {
        "flow": flow,
        "draft": draft,
        "faults": [fault_shape(fault) for fault in faults_of(draft)] if draft else [],
        "numbers": await numbers_using(database, account, flow_id, limit=_MANY),
        "own_numbers": await list_numbers(database, account, limit=_SUGGESTED),
        "versions": await list_versions(database, account, flow_id, before=None, limit=_FEW),
        "canary_runs": await _canary_runs(request, flow),
        "names": await _names(request),
        "zones": ZONES,
        "asked": asked_of(request, played),
        "played": played,
        "played_shape": played_shape(played) if played else None,
    }


async def kept_form(request: PortalRequest, flow_id: FlowId) -> Form:
    """The editor's form with the draft, or where there is none the flow as it is."""
    flow = await get_flow(request.database, request.account_id, flow_id)
    draft = await find_draft(request.database, request.account_id, flow_id)
    held = draft or flow
    actions = draft.actions if draft else [action.document() for action in flow.actions]
    return Form(
        {
            "name": held.name,
            "detail": held.detail,
            "actions": json.dumps(actions, indent=2, ensure_ascii=False),
            "on_complete": str(held.on_complete_flow_id or "none"),
        }
    )


def asked_of(request: PortalRequest, played: Played | None) -> dict[str, str]:
    """The dry run's form: as it was sent, or how one begins."""
    names = ("kind", "from", "to", "at", "timezone", "digits", "text", "http", "dial", "answered_by")
    if played is not None or request.fields.get("from"):
        return {name: request.fields.get(name) for name in names}
    return dict.fromkeys(names, "") | {"from": "+12025550100", "timezone": request.person.timezone}


def played_shape(played: Played) -> dict[str, object]:
    """As the API answers, with what people read of it."""
    return dry_run_shape(played.run) | {
        "price": show_money(played.run.price_micros),
        "said": list(played.run.said),
        "curl": played.curl,
    }


async def _canary_runs(request: PortalRequest, flow: Flow) -> CanaryRuns | None:
    if flow.canary is None:
        return None
    return await canary_runs(request.database, request.account_id, flow.id, flow.canary.version)


async def _names(request: PortalRequest) -> dict[str, list[tuple[str, str]]]:
    """What options may name, by `x-names` of the schema."""
    database, account = request.database, request.account_id
    flows = await flow_names(database, account, limit=_MANY)
    queues = await list_queues(database, account, before=None, limit=_MANY)
    rooms = await list_conferences(database, account, before=None, limit=_MANY)
    return {
        "flow": [(str(flow_id), name or "unnamed") for flow_id, name in flows],
        "queue": [(str(line.queue.id), line.queue.name or "unnamed") for line in queues],
        "conference": [(str(each.conference.id), each.conference.name or "unnamed") for each in rooms],
    }


def version_label(flow: Flow, version: FlowVersion) -> str:
    """What a version is to the flow now."""
    if version.version == flow.version:
        return "live"
    if flow.canary is not None and version.version == flow.canary.version:
        return "canary"
    return ""
