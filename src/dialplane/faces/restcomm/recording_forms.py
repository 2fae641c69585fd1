"""The parameters by which a recording is ordered (Twilio's; reference 4.4 and 4.5). All of it raises Invalid."""

from collections.abc import Mapping
from typing import Literal

from dialplane.domain.programs.commands import StartRecording
from dialplane.domain.programs.dialling import RecordedTrack, RecordingWish
from dialplane.faces.restcomm.callbacks import RECORDING_EVENTS, read_callback
from dialplane.faces.restcomm.dialects import Dialect
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.services.recording.recording_life import Change

Channels = Literal[1, 2]

CALLBACK = "RecordingStatusCallback"
_CHANGES: Mapping[str, Change] = {"paused": "pause", "in-progress": "resume", "stopped": "stop"}


def read_wish(parameters: Parameters, dialect: Dialect) -> RecordingWish | None:
    """`Record=true` of a call that is made, with what goes with it."""
    channels, track = _channels(parameters), _track(parameters)
    callback = read_callback(parameters, CALLBACK, dialect, RECORDING_EVENTS)
    trim = _trim(parameters, usual=dialect.is_twilio)
    if not parameters.flag("Record"):
        return None
    return RecordingWish(channels=channels, track=track, trim=trim, status=callback)


def read_start(parameters: Parameters, dialect: Dialect) -> tuple[StartRecording, RecordedTrack]:
    """`POST Calls/{sid}/Recordings`."""
    callback = read_callback(parameters, CALLBACK, dialect, RECORDING_EVENTS)
    trim = _trim(parameters, usual=False)
    return StartRecording(channels=_channels(parameters), trim=trim, status=callback), _track(parameters)


def read_change(parameters: Parameters) -> tuple[Change, bool]:
    """`POST Recordings/{sid}` of a call or conference, and whether a pause leaves silence in the recording.

    Without `PauseBehavior` it does (`silence` is Twilio's default), with `skip` what is paused is left out.
    """
    behavior = parameters.text("PauseBehavior").lower()
    if behavior not in ("", "silence", "skip"):
        raise invalid("PauseBehavior", "is silence or skip")
    change = _CHANGES.get(parameters.text("Status").lower())
    if change is None:
        raise invalid("Status", f"is {', '.join(_CHANGES)}")
    return change, behavior != "skip"


def _channels(parameters: Parameters) -> Channels:
    match parameters.text("RecordingChannels").lower():
        case "" | "mono":
            return 1
        case "dual":
            return 2
    raise invalid("RecordingChannels", "is mono or dual")


def _track(parameters: Parameters) -> RecordedTrack:
    track = parameters.text("RecordingTrack").lower()
    match track or "both":
        case "both" | "inbound" | "outbound" as track:
            return track
    raise invalid("RecordingTrack", "is both, inbound or outbound")


def _trim(parameters: Parameters, *, usual: bool) -> bool:
    match parameters.text("Trim").lower():
        case "":
            return usual
        case "trim-silence":
            return True
        case "do-not-trim":
            return False
    raise invalid("Trim", "is trim-silence or do-not-trim")
