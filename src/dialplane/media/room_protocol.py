"""What is said about rooms on the socket of the media process; see `protocol`."""

from dialplane.media.frames import Message


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


RoomReport = RoomPlayEnded | RoomClosed
