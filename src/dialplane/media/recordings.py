"""The recordings that go on in this process, of legs and of rooms: begun, looked after, and told about."""

from collections.abc import Callable
from typing import Protocol

import structlog

from dialplane.media.frames import Message
from dialplane.media.protocol import RecordingEnded, RecordingStarted
from dialplane.media.recorder import Begun, FellSilent, Kept, Report
from dialplane.media.recording import Recording, RecordingWish
from dialplane.media.tapes import Tapes

_TURNS = 5
"""A recording is looked after in every so many upkeeps, that is every tenth of a second."""

log = structlog.get_logger()


class Recorded(Protocol):
    """What can be recorded: `Leg` and `Room`."""

    @property
    def recording(self) -> Recording | None: ...

    def start_recording(self, recording: Recording, now: float) -> None:
        """One that goes on is ended."""
        ...

    def end_recording(self, ended_by: str, now: float) -> None: ...


class Recordings:
    """Times are seconds on the monotonic clock."""

    def __init__(self, tapes: Tapes) -> None:
        self._tapes = tapes
        self._turns: list[dict[Recording, Recorded]] = [{} for _ in range(_TURNS)]
        """What goes on, or did until a moment ago, by the turn in which each is looked after."""
        self._turn = 0
        self._begun = 0

    def __bool__(self) -> bool:
        """Whether any goes on, or did until a moment ago."""
        return any(self._turns)

    def start(
        self, sound: Recorded, wish: RecordingWish, request: int, report: Callable[[Message], None], now: float
    ) -> None:
        """Whether there is a file, and what became of it, goes to `report`."""

        def tell(what: Report, at: float) -> None:
            self._heed(sound, recording, what, at)
            if isinstance(what, Begun):
                report(RecordingStarted(request, what.failure))
            elif isinstance(what, Kept):
                ended_by = "disk" if what.failure else recording.ended_by
                report(RecordingEnded(str(wish.path), ended_by, what.duration_ms, what.failure))

        recording = Recording(wish, now, self._tapes.open(wish, tell))
        sound.start_recording(recording, now)
        self._begun += 1
        self._turns[self._begun % _TURNS][recording] = sound

    def take_turn(self, now: float) -> None:
        """Hand over what is due of a fifth of them, and hear what became of the others."""
        self._turn = (self._turn + 1) % _TURNS
        ours = self._turns[self._turn]
        for recording, sound in list(ours.items()):
            if sound.recording is not recording:
                del ours[recording]
                continue
            try:
                if not recording.advance(now):
                    sound.end_recording("duration", now)
            except Exception:  # whatever one party's packets trigger must end that recording only
                log.exception("recording_failed", path=str(recording.wish.path))
                del ours[recording]
        self._tapes.attend(now)

    def _heed(self, sound: Recorded, recording: Recording, what: Report, now: float) -> None:
        """Where the disk's word is the end of it, end it."""
        failure = "" if isinstance(what, FellSilent) else what.failure
        if failure:
            log.warning("recording_failed", path=str(recording.wish.path), error=failure)
        if sound.recording is recording and (failure or isinstance(what, FellSilent)):
            sound.end_recording("disk" if failure else "silence", now)
