"""What is said on the Unix socket between a call runtime and the media process.

Frames of MessagePack, each behind its length (4 octets, big-endian). The runtime sends orders, the process answers
with reports; both keep their order. `request` ties an answer to its question.
"""

import struct
from collections.abc import Iterator

import msgspec

from dialplane.domain.calling.media import IceCredentials, MediaCounters, RemoteMedia, SecureParty

_LENGTH = struct.Struct("!I")
_LONGEST_FRAME = 1 << 20


class ProtocolError(Exception):
    """The other end of the socket does not speak this protocol."""


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of every frame; the tag is the class's name."""


class Open(Message, frozen=True):
    """→ `Opened` or `OpenRefused`"""

    request: int


class OpenSecure(Message, frozen=True):
    """A WebRTC leg. → `SecureOpened` or `OpenRefused`"""

    request: int


class Connect(Message, frozen=True):
    leg: int
    remote: RemoteMedia


class AwaitChecks(Message, frozen=True):
    """Of a WebRTC leg: the party was told these credentials of ours."""

    leg: int
    ours: IceCredentials


class ConnectSecurely(Message, frozen=True):
    """`Connect` of a WebRTC leg; in time `SecurityFailed`, where the party is not who it says."""

    leg: int
    remote: RemoteMedia
    party: SecureParty


class Play(Message, frozen=True):
    """→ `PlayEnded`"""

    leg: int
    play: int
    paths: list[str]
    stop_on_digit: bool
    loop: bool


class StopPlaying(Message, frozen=True):
    leg: int


class SendDigits(Message, frozen=True):
    """→ `DigitsSent`"""

    leg: int
    request: int
    digits: str
    duration_ms: int
    interval_ms: int


class Echo(Message, frozen=True):
    leg: int
    on: bool


class Bridge(Message, frozen=True):
    leg: int
    other: int | None


class Mute(Message, frozen=True):
    leg: int
    heard: bool
    hears: bool


class StartRecording(Message, frozen=True):
    """→ `RecordingStarted`, and in time `RecordingEnded`"""

    leg: int
    request: int
    path: str
    end_of_silence_s: int
    end_of_key: str
    duration_s: int
    tracks: str
    trim: bool


class PauseRecording(Message, frozen=True):
    leg: int
    paused: bool
    silent: bool = False


class StopRecording(Message, frozen=True):
    leg: int


class Tap(Message, frozen=True):
    """→ `TapAudio`, again and again"""

    leg: int
    tap: int
    heard: bool
    sent: bool


class Untap(Message, frozen=True):
    leg: int
    tap: int


class Feed(Message, frozen=True):
    leg: int
    audio: bytes


class MarkFeed(Message, frozen=True):
    """→ `FeedReached`"""

    leg: int
    request: int


class ClearFeed(Message, frozen=True):
    leg: int


class OpenRoom(Message, frozen=True):
    """→ `RoomOpened`"""

    request: int


class AddToRoom(Message, frozen=True):
    """`hears` and `heard_by` are leg ids, None is everybody."""

    room: int
    leg: int
    hears: list[int] | None
    heard_by: list[int] | None


class RemoveFromRoom(Message, frozen=True):
    room: int
    leg: int


class PlayToRoom(Message, frozen=True):
    """→ `RoomPlayEnded`"""

    room: int
    play: int
    paths: list[str]


class StartRoomRecording(Message, frozen=True):
    """→ `RecordingStarted`, and in time `RecordingEnded`"""

    room: int
    request: int
    path: str
    duration_s: int
    trim: bool


class PauseRoomRecording(Message, frozen=True):
    room: int
    paused: bool
    silent: bool = False


class StopRoomRecording(Message, frozen=True):
    room: int


class CloseRoom(Message, frozen=True):
    """→ `RoomClosed`"""

    room: int
    request: int


class Close(Message, frozen=True):
    """→ `Closed`"""

    leg: int
    request: int


class AskStats(Message, frozen=True):
    """→ `Stats`"""

    request: int


RoomOrder = (
    OpenRoom
    | AddToRoom
    | RemoveFromRoom
    | PlayToRoom
    | StartRoomRecording
    | PauseRoomRecording
    | StopRoomRecording
    | CloseRoom
)
LegOrder = (
    Connect
    | AwaitChecks
    | ConnectSecurely
    | Play
    | StopPlaying
    | SendDigits
    | Echo
    | Bridge
    | Mute
    | StartRecording
    | PauseRecording
    | StopRecording
    | Tap
    | Untap
    | Feed
    | MarkFeed
    | ClearFeed
    | Close
)
Order = Open | OpenSecure | AskStats | LegOrder | RoomOrder


class Opened(Message, frozen=True):
    request: int
    leg: int
    host: str
    port: int


class SecureOpened(Message, frozen=True):
    request: int
    leg: int
    host: str
    port: int
    fingerprint: str


class OpenRefused(Message, frozen=True):
    request: int
    reason: str


class Digit(Message, frozen=True):
    leg: int
    digit: str


class SecurityFailed(Message, frozen=True):
    """Nothing is heard from the party of a WebRTC leg any more, nor sent to it."""

    leg: int
    reason: str


class Silence(Message, frozen=True):
    leg: int


class PlayEnded(Message, frozen=True):
    leg: int
    play: int
    how: str


class DigitsSent(Message, frozen=True):
    leg: int
    request: int


class RecordingStarted(Message, frozen=True):
    """Of a leg or a room. `failure` says why the file could not be opened; empty where it is open."""

    request: int
    failure: str


class RecordingEnded(Message, frozen=True):
    """The file is closed, maybe when the leg or room is long gone. `failure` says why it holds less than there was."""

    path: str
    ended_by: str
    duration_ms: int
    failure: str


class TapAudio(Message, frozen=True):
    """20 ms of mu-law, `at_ms` after the tap's beginning; `track` is `inbound` or `outbound`."""

    leg: int
    tap: int
    track: str
    at_ms: int
    frame: bytes


class FeedReached(Message, frozen=True):
    leg: int
    request: int


class Closed(Message, frozen=True):
    """The leg is gone. `request` is 0 where nobody asked: its handling failed."""

    leg: int
    request: int
    counters: MediaCounters


class RoomOpened(Message, frozen=True):
    request: int
    room: int


class RoomPlayEnded(Message, frozen=True):
    room: int
    play: int
    how: str


class RoomClosed(Message, frozen=True):
    """The room is gone. `request` is 0 where nobody asked: its handling failed."""

    room: int
    request: int


class Stats(Message, frozen=True):
    """Figures of the process since its start; lateness counts what ended more than 10 ms after its time."""

    request: int
    legs: int
    rooms: int
    ports_free: int
    packets_sent: int
    packets_received: int
    ticks: int
    ticks_late: int
    worst_lateness_ms: float
    failures: int


LegReport = Digit | Silence | SecurityFailed | PlayEnded | DigitsSent | TapAudio | FeedReached | Closed
RoomReport = RoomPlayEnded | RoomClosed
Report = (
    Opened
    | SecureOpened
    | OpenRefused
    | Stats
    | RoomOpened
    | RecordingStarted
    | RecordingEnded
    | LegReport
    | RoomReport
)

_encoder = msgspec.msgpack.Encoder()
decode_order = msgspec.msgpack.Decoder(Order).decode
decode_report = msgspec.msgpack.Decoder(Report).decode


def encode(message: Message) -> bytes:
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts a stream of bytes into the frames' bodies."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that are complete by now. Raises ProtocolError where one is longer than 1 MiB."""
        self._buffer += data
        offset = 0
        while len(self._buffer) - offset >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, offset)
            if length > _LONGEST_FRAME:
                raise ProtocolError(f"a frame of {length} octets")
            end = offset + _LENGTH.size + length
            if end > len(self._buffer):
                break
            yield bytes(self._buffer[offset + _LENGTH.size : end])
            offset = end
        del self._buffer[:offset]
