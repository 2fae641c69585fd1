"""Recording what everybody says in a conference, into one file at a time."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.recording.recordings import Recording, RecordingSource
from dialplane.services.rooms.conference_rooms import recorded, recorded_no_longer
from dialplane.voice.recording.recordings import Recordings
from dialplane.voice.rooms.room import Room


@dataclass(frozen=True, slots=True)
class RoomRecordings:
    """Of the rooms of this node."""

    recordings: Recordings
    now: Callable[[], datetime]
    spawn: Callable[[Coroutine[Any, Any, Any]], None]

    async def start(
        self,
        room: Room,
        source: RecordingSource,
        *,
        duration_s: int = 0,
        trim: bool = False,
        status: StatusCallback | None = None,
        ordered: Recording | None = None,
    ) -> None:
        """Nothing where it is being recorded already. `ordered` is kept already. Raises the Refusal (no money, no
        audio)."""
        if room.is_recorded:
            return
        room.is_recorded = True
        new = ordered or replace(
            self.recordings.new(room.conference.account_id, source=source, conference_id=room.conference.id),
            status_callback=status,
        )

        async def start(path: Path) -> None:
            await room.mix.start_recording(path, duration_s=duration_s, trim=trim)

        try:
            begun = await self.recordings.begin(room.mix, new, start)
        except BaseException:
            room.is_recorded = False
            raise
        self.spawn(self._finish(room, begun))
        await recorded(self.recordings.database, room.conference, begun.id, self.now())

    async def _finish(self, room: Room, recording: Recording) -> None:
        try:
            await self.recordings.finish(room.mix, recording)
        finally:
            room.is_recorded = False
        await recorded_no_longer(self.recordings.database, room.conference, recording.id, self.now())
