"""A run in the native JSON form: VoIPBIN's activeflow (reference section 3.3)."""

from collections.abc import Mapping

from dialplane.domain.flows.run import Run, RunProgress
from dialplane.services.shapes.common import show_id, show_time

_NO_ACTION = {"id": show_id(None), "type": ""}


def run_shape(run: Run) -> dict[str, object]:
    """Ours: `error` says why the run had to end; `canary`, whether its version was that of a share of the calls."""
    return {
        "id": show_id(run.id),
        "customer_id": show_id(run.account_id),
        "flow_id": show_id(run.flow_id),
        "flow_version": run.flow_version,
        "canary": run.is_canary,
        "status": run.status,
        "reference_type": run.reference_type,
        "reference_id": show_id(run.reference_id),
        "reference_activeflow_id": show_id(run.reference_run_id),
        "on_complete_flow_id": show_id(run.on_complete_flow_id),
        "webhook_uri": run.webhook_uri,
        "webhook_method": run.webhook_method,
        "current_action": run.current_action or _NO_ACTION,
        "forward_action_id": show_id(run.forward_action_id),
        "executed_actions": run.executed_actions,
        "error": run.error,
        "tm_create": show_time(run.created_at),
        "tm_update": show_time(run.updated_at),
        "tm_delete": show_time(run.deleted_at),
    }


def moved_shape(shape: Mapping[str, object], progress: RunProgress) -> dict[str, object]:
    """The shape of a run as it is after `progress`: a run moves several times, and most of it stays."""
    record = progress.record
    return {
        **shape,
        "status": progress.status,
        "current_action": record.current_action or _NO_ACTION,
        "forward_action_id": show_id(record.forward_action_id),
        "executed_actions": record.executed_actions,
        "error": record.error,
        "tm_update": show_time(progress.at),
    }
