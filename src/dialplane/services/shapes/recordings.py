"""A recording in the native JSON form (VoIPBIN reference section 6.2)."""

from dialplane.domain.recording.recordings import Recording, RecordingStatus
from dialplane.services.shapes.common import show_id, show_time

_STATUSES = {RecordingStatus.PAUSED: "recording", RecordingStatus.FAILED: "ended"}
"""The reference knows four; what else there is shows as the nearest of them, and in `paused` and `error`."""


def recording_shape(recording: Recording) -> dict[str, object]:
    """The times of a recording that has none yet are left out, as the reference has it."""
    is_call = recording.conference_id is None
    shape: dict[str, object] = {
        "id": show_id(recording.id),
        "customer_id": show_id(recording.account_id),
        "owner_type": "",
        "owner_id": show_id(None),
        "reference_type": "call" if is_call else "confbridge",
        "reference_id": show_id(recording.call_id if is_call else recording.conference_id),
        "status": _STATUSES.get(recording.status, recording.status.value),
        "paused": recording.status is RecordingStatus.PAUSED,
        "format": recording.format,
        "channels": recording.channels,
        "activeflow_id": show_id(recording.run_id),
        "on_end_flow_id": show_id(recording.on_end_flow_id),
        "duration_ms": recording.duration_ms,
        "ended_by": recording.ended_by,
        "error": recording.error,
        "tm_start": show_time(recording.started_at),
        "tm_end": show_time(recording.ended_at),
        "tm_create": show_time(recording.created_at),
        "tm_update": show_time(recording.updated_at),
        "tm_delete": show_time(recording.deleted_at),
    }
    return {name: value for name, value in shape.items() if value is not None or not name.startswith("tm_")}
