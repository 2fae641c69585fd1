"""What is said on the Unix socket between a call runtime and the media process.

The runtime sends orders, the process answers with reports; both keep their order. `request` ties an answer to its
question. What is about rooms stands in `room_protocol`, how a message is written in `frames`.
"""

import msgspec

from dialplane.domain.calling.media import IceCredentials, MediaCounters, RemoteMedia, SecureParty, SrtpKeys
from dialplane.media.frames import Message
from dialplane.media.room_protocol import RoomOpened, RoomOrder, RoomReport


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


class ConnectAdapted(Message, frozen=True):
    """`Connect` of an ordinary leg whose party wants SRTP or a codec beside G.711."""

    leg: int
    remote: RemoteMedia
    event_clock_hz: int
    keys: SrtpKeys | None


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
    """With a `key` only a recording that ends by it."""

    leg: int
    key: str = ""


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


class Close(Message, frozen=True):
    """→ `Closed`"""

    leg: int
    request: int


class AskStats(Message, frozen=True):
    """→ `Stats`"""

    request: int


LegOrder = (
    Connect
    | AwaitChecks
    | ConnectSecurely
    | ConnectAdapted
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

decode_order = msgspec.msgpack.Decoder(Order).decode
decode_report = msgspec.msgpack.Decoder(Report).decode
