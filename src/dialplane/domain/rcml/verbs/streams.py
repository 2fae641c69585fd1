"""Connect, Start and Stop: what goes on beside the verbs that follow, a Stream (the call's audio over a websocket, by
Twilio's protocol) or a Recording of the call."""

from typing import Literal, cast, get_args

from dialplane.domain.programs.commands import Failed, StartRecording, StartStream, StopRecording, StopStream
from dialplane.domain.programs.dialling import RecordedTrack
from dialplane.domain.rcml.context import Steps
from dialplane.domain.rcml.verb import RECORDING_EVENTS, Verb
from dialplane.domain.rcml.verbs.record import FAILED as RECORDING_FAILED
from dialplane.domain.rcml.verbs.record import trims

STREAM_FAILED = 31920
MOST_PARAMETERS = 50
_TRACKS: dict[str, Literal["inbound", "outbound", "both"]] = {
    "inbound_track": "inbound",
    "outbound_track": "outbound",
    "both_tracks": "both",
}


def connect(verb: Verb) -> Steps:
    """Both ways, until the socket closes; then the action, or the next verb."""
    for stream in verb.children(("Stream",)):
        result = yield _stream(stream, two_way=True)
        if isinstance(result, Failed) and not verb.context.over:
            verb.context.note(STREAM_FAILED, f"<Stream>: {result.reason}")
        break
    return verb.action((), default_is_document=False)


def start(verb: Verb) -> Steps:
    """One way, beside what follows."""
    for noun in verb.children(("Stream", "Recording")):
        if noun.name == "Recording":
            code, result = RECORDING_FAILED, (yield _recording(noun))
        else:
            code, result = STREAM_FAILED, (yield _stream(noun, two_way=False))
        if isinstance(result, Failed):
            verb.context.note(code, f"<{noun.name}>: {result.reason}")
    return None


def stop(verb: Verb) -> Steps:
    for noun in verb.children(("Stream", "Recording")):
        yield StopRecording() if noun.name == "Recording" else StopStream(noun.option("name"))
    return None


def _recording(noun: Verb) -> StartRecording:
    """Both sides on channels of their own, unless it says otherwise."""
    return StartRecording(
        channels=1 if noun.choice("channels", ("mono", "dual"), "dual") == "mono" else 2,
        track=cast("RecordedTrack", noun.choice("track", get_args(RecordedTrack), "both")),
        trim=trims(noun),
        status=noun.status("recordingStatusCallback", RECORDING_EVENTS),
    )


def _stream(stream: Verb, *, two_way: bool) -> StartStream:
    parameters = [(each.option("name"), each.option("value")) for each in stream.children(("Parameter",))]
    track = stream.choice("track", tuple(_TRACKS), "inbound_track")
    return StartStream(
        stream.context.absolute(stream.option("url")),
        two_way=two_way,
        track="inbound" if two_way else _TRACKS[track],
        name=stream.option("name"),
        parameters=tuple(parameters[:MOST_PARAMETERS]),
        status=stream.status(events=()),
    )
