"""What a recording's status callback is told (Twilio's `RecordingStatusCallback`; reference 5.5 and 4.5).

Pure: a recording as it stands gives the parameters, or nothing where nobody asked about that.
"""

from dialplane.domain.ids import to_sid
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.rcml.parameters import Form, recordings_url, sound_url, timestamp
from dialplane.domain.recording.recordings import Recording, RecordingStatus

_DEFAULT = frozenset({"completed"})


def recording_form(recording: Recording, public_url: str) -> tuple[StatusCallback, Form] | None:
    """Whom to tell what of how the recording stands now; None where it is nothing to be told."""
    callback, status = recording.status_callback, _status(recording)
    if callback is None or not status or status not in (callback.events or _DEFAULT):
        return None
    about = (
        ("CallSid", "CA", recording.call_id),
        ("ConferenceSid", "CF", recording.conference_id),
    )
    fields: Form = (
        ("AccountSid", to_sid("AC", recording.account_id)),
        *((name, to_sid(prefix, each)) for name, prefix, each in about if each is not None),
        ("RecordingSid", to_sid("RE", recording.id)),
        ("RecordingStatus", status),
        ("RecordingChannels", str(recording.channels)),
        ("RecordingSource", recording.source.value),
        ("RecordingTrack", recording.track),
        ("RecordingStartTime", timestamp(recording.started_at or recording.created_at)),
    )
    if recording.status is RecordingStatus.FAILED:
        return callback, (*fields, ("ErrorMessage", recording.error))
    folder = recordings_url(public_url, callback.api_version, to_sid("AC", recording.account_id))
    fields += (("RecordingUrl", sound_url(folder, to_sid("RE", recording.id), callback.api_version)),)
    if recording.status is RecordingStatus.ENDED:
        fields += (("RecordingDuration", str(recording.duration_s)),)
    return callback, fields


def _status(recording: Recording) -> str:
    """One that holds nothing is absent."""
    match recording.status:
        case RecordingStatus.RECORDING:
            return "in-progress"
        case RecordingStatus.ENDED:
            return "completed" if recording.duration_ms else "absent"
        case RecordingStatus.FAILED:
            return "absent"
    return ""
