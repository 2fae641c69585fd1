"""A flow in the native JSON form (VoIPBIN reference sections 3.1 and 3.2)."""

from collections.abc import Sequence

from dialplane.domain.errors import Invalid
from dialplane.domain.flows.flow import Canary, Flow, FlowDraft, FlowVersion
from dialplane.services.shapes.common import show_id, show_time


def flow_shape(flow: Flow) -> dict[str, object]:
    return {
        "id": show_id(flow.id),
        "customer_id": show_id(flow.account_id),
        "type": flow.type,
        "name": flow.name,
        "detail": flow.detail,
        "actions": [action.document() for action in flow.actions],
        "direct_hash": flow.direct_hash,
        "on_complete_flow_id": show_id(flow.on_complete_flow_id),
        "version": flow.version,
        "canary": canary_shape(flow.canary),
        "tm_create": show_time(flow.created_at),
        "tm_update": show_time(flow.updated_at),
        "tm_delete": show_time(flow.deleted_at),
    }


def canary_shape(canary: Canary | None) -> dict[str, object] | None:
    if canary is None:
        return None
    return {"version": canary.version, "percent": canary.percent, "tm_start": show_time(canary.started_at)}


def draft_shape(draft: FlowDraft, faults: Sequence[Invalid]) -> dict[str, object]:
    return {
        "flow_id": show_id(draft.flow_id),
        "name": draft.name,
        "detail": draft.detail,
        "actions": draft.actions,
        "on_complete_flow_id": show_id(draft.on_complete_flow_id),
        "based_on": draft.based_on,
        "revision": draft.revision,
        "faults": [fault_shape(fault) for fault in faults],
        "tm_update": show_time(draft.updated_at),
    }


def fault_shape(fault: Invalid) -> dict[str, object]:
    """What is wrong with an action; `field` is its path, such as `actions[2].option.text`."""
    return {"field": fault.field, "reason": fault.reason, "message": fault.message}


def version_shape(version: FlowVersion) -> dict[str, object]:
    return {
        "flow_id": show_id(version.flow_id),
        "version": version.version,
        "name": version.name,
        "detail": version.detail,
        "actions": [action.document() for action in version.actions],
        "on_complete_flow_id": show_id(version.on_complete_flow_id),
        "tm_create": show_time(version.created_at),
    }
