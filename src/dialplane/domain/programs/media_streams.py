"""Commands that carry a call's audio to somebody else's program and back."""

from dataclasses import dataclass
from typing import Literal

from dialplane.domain.programs.sources import StatusCallback


@dataclass(frozen=True, slots=True)
class StartStream:
    """*call* Stream the audio over a websocket by Twilio's protocol (carriers reference a). Answers the call.

    `two_way` waits until the socket closes, then → `Done`; else it goes on at once. `Failed` where nobody answers.
    """

    url: str
    two_way: bool
    track: Literal["inbound", "outbound", "both"] = "inbound"
    name: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    status: StatusCallback | None = None


@dataclass(frozen=True, slots=True)
class StopStream:
    """*call* End the one-way stream of that name. → `Done`"""

    name: str


Encapsulation = Literal["rtp", "audiosocket", "none"]
AudioFormat = Literal["ulaw", "alaw", "slin"]

_CARRIES = {
    "udp": ("rtp",),
    "tcp": ("audiosocket",),
    "websocket": ("none", "rtp", "audiosocket"),
}
"""Encapsulations by transport."""


def usual_format(encapsulation: str) -> AudioFormat:
    """Where none is named."""
    return "slin" if encapsulation == "audiosocket" else "ulaw"


def why_not_carried(encapsulation: str, transport: str, audio_format: str, transport_data: str) -> str:
    """Why there is no such external media here; "" where there is."""
    if encapsulation not in _CARRIES[transport]:
        return f"{encapsulation} does not go over {transport} here"
    if encapsulation == "audiosocket" and audio_format != "slin":
        return "audiosocket carries slin and nothing else"
    return "transport_data means nothing to this server" if transport_data else ""


@dataclass(frozen=True, slots=True)
class StartExternalMedia:
    """*call* VoIPBIN's `external_media_start`: audio to and from a host, five a call at most. → `Done` or `Failed`"""

    host: str
    """`host:port`, or a URL for websockets."""
    encapsulation: Encapsulation = "rtp"
    transport: Literal["udp", "tcp", "websocket"] = "udp"
    transport_data: str = ""
    format: AudioFormat = "ulaw"
    listen: Literal["", "both", "in", "out"] = ""
    """What the host hears of the call; "" is nothing."""
    speak: Literal["", "both", "in", "out"] = ""
    """Who hears what the host says."""
    data: str = ""


@dataclass(frozen=True, slots=True)
class StopExternalMedia:
    """*call* End all of them. → `Done`"""
