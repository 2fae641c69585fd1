"""A recording in the native JSON form (VoIPBIN reference section 6.2)."""

from dialplane.domain.recordings import Recording
from dialplane.services.shapes.common import show_id, show_time


def recording_shape(recording: Recording) -> dict[str, object]:
    return {
        "id": show_id(recording.id),
        "customer_id": show_id(recording.account_id),
        "owner_type": "",
        "owner_id": show_id(None),
        "reference_type": "call",
        "reference_id": show_id(recording.call_id),
        "status": recording.status.value,
        "format": recording.format,
        "activeflow_id": show_id(recording.run_id),
        "on_end_flow_id": show_id(recording.on_end_flow_id),
        "duration_ms": recording.duration_ms,
        "ended_by": recording.ended_by,
        "tm_start": show_time(recording.started_at),
        "tm_end": show_time(recording.ended_at),
        "tm_create": show_time(recording.created_at),
        "tm_update": show_time(recording.updated_at),
        "tm_delete": show_time(recording.deleted_at),
    }
