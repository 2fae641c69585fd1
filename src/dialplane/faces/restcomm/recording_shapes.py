"""A recording as both dialects show it (reference 4.5)."""

from datetime import datetime

from dialplane.domain.ids import to_sid
from dialplane.domain.recording.recordings import Recording, RecordingStatus
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.prices import show_price

_STATUSES = {
    RecordingStatus.INITIATING: "in-progress",
    RecordingStatus.RECORDING: "in-progress",
    RecordingStatus.PAUSED: "paused",
    RecordingStatus.STOPPING: "stopped",
    RecordingStatus.ENDED: "completed",
    RecordingStatus.FAILED: "absent",
}


def _status(recording: Recording) -> str:
    """As its status callback tells it: one that holds nothing is absent."""
    is_empty = recording.status is RecordingStatus.ENDED and not recording.duration_ms
    return "absent" if is_empty else _STATUSES[recording.status]


def sound_uri(asked: Asked, recording: Recording) -> str:
    """Of the sound, without a form: `.wav` and `.mp3` may follow."""
    return f"{asked.base}/Accounts/{to_sid('AC', recording.account_id)}/Recordings/{to_sid('RE', recording.id)}"


def show_recording(asked: Asked, host: str, recording: Recording, price: int | None) -> dict[str, object]:
    """`host` is this server as the client calls it, `price` what was charged, in micros."""
    account_sid, sid = to_sid("AC", recording.account_id), to_sid("RE", recording.id)
    dialect = asked.dialect
    members: dict[str, object] = {
        "sid": sid,
        "date_created": dialect.show_time(recording.created_at),
        "date_updated": dialect.show_time(recording.updated_at or recording.created_at),
        "account_sid": account_sid,
        "call_sid": None if recording.call_id is None else to_sid("CA", recording.call_id),
        "duration": _duration(asked, recording),
        "api_version": dialect.api_version,
        "uri": asked.uri(f"/Accounts/{account_sid}/Recordings/{sid}"),
    }
    if not dialect.is_twilio:
        members["file_uri"] = f"{host}{sound_uri(asked, recording)}.wav"
        return {name: value for name, value in members.items() if value is not None}
    return members | _twilios_own(asked, host, recording, price)


def show_call_recording(asked: Asked, host: str, recording: Recording, price: int | None) -> dict[str, object]:
    """As it stands below its call: Twilio names the track there."""
    shown = show_recording(asked, host, recording, price)
    if not asked.dialect.is_twilio or recording.call_id is None:
        return shown
    call = f"/Accounts/{shown['account_sid']}/Calls/{shown['call_sid']}"
    return shown | {"track": recording.track, "uri": asked.uri(f"{call}/Recordings/{shown['sid']}")}


def show_conference_recording(asked: Asked, host: str, recording: Recording, price: int | None) -> dict[str, object]:
    """As it stands below its conference."""
    shown = show_recording(asked, host, recording, price)
    if recording.conference_id is None:
        return shown
    conference = f"/Accounts/{shown['account_sid']}/Conferences/{to_sid('CF', recording.conference_id)}"
    return shown | {"uri": asked.uri(f"{conference}/Recordings/{shown['sid']}")}


def _twilios_own(asked: Asked, host: str, recording: Recording, price: int | None) -> dict[str, object]:
    conference_id = recording.conference_id
    below = f"/Accounts/{to_sid('AC', recording.account_id)}/Recordings/{to_sid('RE', recording.id)}"
    return {
        "start_time": asked.dialect.show_time(_start(recording)),
        "conference_sid": None if conference_id is None else to_sid("CF", conference_id),
        "status": _status(recording),
        "channels": recording.channels,
        "source": recording.source.value,
        "error_code": None,
        "price": show_price(asked.dialect, price),
        "price_unit": "USD",
        "media_url": f"{host}{sound_uri(asked, recording)}",
        "encryption_details": None,
        "subresource_uris": {
            "add_on_results": asked.uri(f"{below}/AddOnResults"),
            "transcriptions": asked.uri(f"{below}/Transcriptions"),
        },
    }


def _duration(asked: Asked, recording: Recording) -> str | None:
    """Twilio's is in whole seconds, and -1 while it goes on; Restcomm's is a decimal."""
    if not asked.dialect.is_twilio:
        return str(recording.duration_ms / 1000)
    return str(recording.duration_s) if recording.status.is_over else "-1"


def _start(recording: Recording) -> datetime:
    return recording.started_at or recording.created_at
