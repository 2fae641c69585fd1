"""A flow in the native JSON form (VoIPBIN reference sections 3.1 and 3.2)."""

from dialplane.domain.flows.flow import Flow, FlowVersion
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
        "tm_create": show_time(flow.created_at),
        "tm_update": show_time(flow.updated_at),
        "tm_delete": show_time(flow.deleted_at),
    }


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
