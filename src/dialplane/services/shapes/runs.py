"""A run in the native JSON form: VoIPBIN's activeflow (reference section 3.3)."""

from dialplane.domain.flows.run import Run
from dialplane.services.shapes.common import show_id, show_time


def run_shape(run: Run) -> dict[str, object]:
    """`error` is ours: why the run had to end."""
    return {
        "id": show_id(run.id),
        "customer_id": show_id(run.account_id),
        "flow_id": show_id(run.flow_id),
        "status": run.status.value,
        "reference_type": run.reference_type.value,
        "reference_id": show_id(run.reference_id),
        "reference_activeflow_id": show_id(run.reference_run_id),
        "on_complete_flow_id": show_id(run.on_complete_flow_id),
        "webhook_uri": run.webhook_uri,
        "webhook_method": run.webhook_method,
        "current_action": run.current_action or {"id": show_id(None), "type": ""},
        "forward_action_id": show_id(run.forward_action_id),
        "executed_actions": run.executed_actions,
        "error": run.error,
        "tm_create": show_time(run.created_at),
        "tm_update": show_time(run.updated_at),
        "tm_delete": show_time(run.deleted_at),
    }
