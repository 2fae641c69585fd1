"""Connect, Start and Stop with a Stream: the call's audio over a websocket, by Twilio's protocol."""

from typing import Literal

from dialplane.domain.programs.commands import Failed, StartStream, StopStream
from dialplane.domain.rcml.context import Steps
from dialplane.domain.rcml.verb import Verb

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
    for stream in verb.children(("Stream",)):
        result = yield _stream(stream, two_way=False)
        if isinstance(result, Failed):
            verb.context.note(STREAM_FAILED, f"<Stream>: {result.reason}")
    return None


def stop(verb: Verb) -> Steps:
    for stream in verb.children(("Stream",)):
        yield StopStream(stream.option("name"))
    return None


def _stream(stream: Verb, *, two_way: bool) -> StartStream:
    parameters = [(each.option("name"), each.option("value")) for each in stream.children(("Parameter",))]
    track = stream.choice("track", tuple(_TRACKS), "inbound_track")
    return StartStream(
        stream.context.absolute(stream.option("url")),
        two_way=two_way,
        track="inbound" if two_way else _TRACKS[track],
        name=stream.option("name"),
        parameters=tuple(parameters[:MOST_PARAMETERS]),
        status=stream.status(),
    )
