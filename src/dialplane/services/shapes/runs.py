"""A run in the native JSON form: VoIPBIN's activeflow (reference section 3.3)."""

from collections.abc import Mapping

from dialplane.domain.flows.run import Run, RunProgress
from dialplane.domain.ids import NIL_TEXT, id_text
from dialplane.domain.times import rfc3339
from dialplane.services.shapes.common import show_id, show_time

_NO_ACTION = {"id": NIL_TEXT, "type": ""}


def run_shape(run: Run) -> dict[str, object]:
    """Ours: `error` says why the run had to end; `canary`, whether its version was that of a share of the calls."""
    return {
        "id": id_text(run.id),
        "customer_id": id_text(run.account_id),
        "flow_id": show_id(run.flow_id),
        "flow_version": run.flow_version,
        "canary": run.is_canary,
        "status": run.status,
        "reference_type": run.reference_type,
        "reference_id": show_id(run.reference_id),
        "reference_activeflow_id": id_text(run.reference_run_id) if run.reference_run_id else NIL_TEXT,
        "on_complete_flow_id": id_text(run.on_complete_flow_id) if run.on_complete_flow_id else NIL_TEXT,
        "webhook_uri": run.webhook_uri,
        "webhook_method": run.webhook_method,
        "current_action": run.current_action or _NO_ACTION,
        "forward_action_id": id_text(run.forward_action_id) if run.forward_action_id else NIL_TEXT,
        "executed_actions": run.executed_actions,
        "error": run.error,
        "tm_create": rfc3339(run.created_at),
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
        "forward_action_id": id_text(record.forward_action_id) if record.forward_action_id else NIL_TEXT,
        "executed_actions": record.executed_actions,
        "error": record.error,
        "tm_update": rfc3339(progress.at),
    }
