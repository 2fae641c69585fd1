"""What a recording's status callback is told (Restcomm reference 5.5 and 4.5)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from dialplane.domain.ids import AccountId, CallId, RecordingId
from dialplane.domain.programs.sources import RESTCOMM_VERSION, TWILIO_VERSION, StatusCallback
from dialplane.domain.recording.recording_callbacks import recording_form
from dialplane.domain.recording.recordings import Recording, RecordingStatus

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ACCOUNT = AccountId(UUID("01900000-0000-7000-8000-0000000000a1"))
CALL = CallId(UUID("01900000-0000-7000-8000-0000000000c1"))
RECORDING = RecordingId(UUID("01900000-0000-7000-8000-0000000000e1"))


@pytest.mark.parametrize(
    ("version", "url"),
    [
        (TWILIO_VERSION, f"https://d.example/2010-04-01/Accounts/AC{ACCOUNT.hex}/Recordings/RE{RECORDING.hex}"),
        (
            RESTCOMM_VERSION,
            f"https://d.example/restcomm/2012-04-24/Accounts/AC{ACCOUNT.hex}/Recordings/RE{RECORDING.hex}.wav",
        ),
    ],
)
def test_recording_is_told_with_the_address_at_which_the_dialect_has_its_sound(version: str, url: str) -> None:
    callback = StatusCallback("https://app.example/done", api_version=version)
    recording = Recording(
        RECORDING, ACCOUNT, CALL, RecordingStatus.ENDED, "a.wav", NOW, status_callback=callback, duration_ms=2600
    )

    told = recording_form(recording, "https://d.example")

    assert told is not None
    asked, form = told
    assert asked == callback
    assert form == (
        ("AccountSid", f"AC{ACCOUNT.hex}"),
        ("CallSid", f"CA{CALL.hex}"),
        ("RecordingSid", f"RE{RECORDING.hex}"),
        ("RecordingStatus", "completed"),
        ("RecordingChannels", "1"),
        ("RecordingSource", "StartCallRecordingAPI"),
        ("RecordingTrack", "both"),
        ("RecordingStartTime", "Wed, 04 Mar 2026 05:06:07 +0000"),
        ("RecordingUrl", url),
        ("RecordingDuration", "3"),
    )
