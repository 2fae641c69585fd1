"""Twilio's Media Streams over a websocket: the messages of both sides (carriers reference a).

Every counter is a string. What an application sends is read leniently: what is no JSON, no known event or has no
`streamSid` harms nobody (as Fonoster does).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

Track = Literal["inbound", "outbound"]

_AUDIO = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


@dataclass(frozen=True, slots=True)
class Audio:
    """Mu-law to be played after what came before; any length."""

    ulaw: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """To be sent back when all that came before it has been played, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """What was sent and not yet played is to be dropped."""


AppMessage = Audio | Mark | Clear


class _Media(msgspec.Struct):
    payload: str


class _Named(msgspec.Struct):
    name: str


class _FromApp(msgspec.Struct):
    event: str
    media: _Media | None = None
    mark: _Named | None = None


_decoder = msgspec.json.Decoder(_FromApp)


def read_message(text: bytes) -> AppMessage | None:
    """What an application wants; None where it is nothing that we know."""
    try:
        message = _decoder.decode(text)
    except msgspec.DecodeError:
        return None
    match message:
        case _FromApp(event="media", media=_Media(payload)):
            return _read_audio(payload)
        case _FromApp(event="mark", mark=_Named(name)):
            return Mark(name)
        case _FromApp(event="clear"):
            return Clear()
        case _:
            return None


def _read_audio(payload: str) -> Audio | None:
    try:
        return Audio(base64.b64decode(payload, validate=True))
    except (binascii.Error, ValueError):
        return None


@dataclass(slots=True)
class StreamWriter:
    """Writes the messages of one stream, in the order in which they are asked for: the numbers count them."""

    stream_sid: str
    account_sid: str
    call_sid: str
    tracks: tuple[Track, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    _sequence: int = 0
    _chunks: dict[Track, int] = field(default_factory=dict)

    def connected(self) -> bytes:
        return msgspec.json.encode({"event": "connected", "protocol": "Call", "version": "1.0.0"})

    def start(self) -> bytes:
        facts = {
            "streamSid": self.stream_sid,
            "accountSid": self.account_sid,
            "callSid": self.call_sid,
            "tracks": self.tracks,
            "customParameters": self.parameters,
            "mediaFormat": _AUDIO,
        }
        return self._message("start", facts)

    def media(self, track: Track, at_ms: int, ulaw: bytes) -> bytes:
        """One frame, `at_ms` after the stream's start. A frame that is not sent leaves a gap in both counters."""
        chunk = self._chunks[track] = self._chunks.get(track, 0) + 1
        payload = base64.b64encode(ulaw).decode()
        return self._message(
            "media", {"track": track, "chunk": str(chunk), "timestamp": str(at_ms), "payload": payload}
        )

    def dtmf(self, digit: str) -> bytes:
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> bytes:
        return self._message("mark", {"name": name})

    def stop(self) -> bytes:
        return self._message("stop", {"accountSid": self.account_sid, "callSid": self.call_sid})

    def _message(self, event: str, facts: Mapping[str, object]) -> bytes:
        self._sequence += 1
        message = {"event": event, "sequenceNumber": str(self._sequence), "streamSid": self.stream_sid, event: facts}
        return msgspec.json.encode(message)
