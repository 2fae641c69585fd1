"""The command `Record`: the party alone, until silence, a key, the length or the end of the call (a voicemail)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from dialplane.domain.ids import RunId
from dialplane.domain.programs.commands import Record, Recorded
from dialplane.domain.recording.recordings import Recording, RecordingSource, RecordingStatus
from dialplane.voice.leg import Leg
from dialplane.voice.patience import carried_through
from dialplane.voice.ports import MediaLeg, Prompts
from dialplane.voice.recording.recordings import Recordings

Ending = Literal["silence", "key", "length", "hangup", "stopped"]
_ENDINGS: Mapping[str, Ending] = {"silence": "silence", "duration": "length"}
NOTHING_SAID_MS = 600
"""So much beside the silence that ended it is no message: a click, a breath."""


@dataclass(frozen=True, slots=True)
class PartyRecordings:
    """Carries out `Record` on this node."""

    recordings: Recordings
    prompts: Prompts

    async def record(self, leg: Leg, command: Record, run_id: RunId) -> Recorded:
        """Answer, beep, and record until it ends; the key that ends it is kept from what gathers later."""
        await leg.answer()
        media = await leg.media_ready()
        if command.beep:
            await media.play([await self.prompts.beep()])
        if leg.is_ended:
            return Recorded(None, 0, "hangup")
        begun = await self._begin(leg, media, command, run_id)
        pressed: list[str] = []

        def take(key: str) -> bool:
            if key not in command.end_keys:
                return False
            if not pressed:
                pressed.append(key)
                media.stop_recording()
            return True

        leg.on_key = take
        try:
            kept = await carried_through(self.recordings.finish_of(leg, media, begun), leg.keep)
        finally:
            leg.on_key = None
            media.stop_recording()
        return _recorded(leg, command, kept, "".join(pressed))

    async def _begin(self, leg: Leg, media: MediaLeg, command: Record, run_id: RunId) -> Recording:
        async def start(path: Path) -> None:
            await media.start_recording(
                path,
                end_of_silence_s=command.silence_s,
                duration_s=command.longest_s,
                tracks="heard",
                trim=command.trim,
            )

        new = self.recordings.new(leg.call.account_id, call_id=leg.call.id, source=RecordingSource.VERB)
        begun = await self.recordings.begin(media, replace(new, run_id=run_id, status_callback=command.status), start)
        leg.recording_begun(begun.id)
        return begun


def _recorded(leg: Leg, command: Record, kept: Recording, key: str) -> Recorded:
    ending = "key" if key else "hangup" if leg.is_ended else _ENDINGS.get(kept.ended_by, "stopped")
    if kept.status is RecordingStatus.FAILED or _is_empty(command, kept):
        return Recorded(None, 0, ending, key)
    return Recorded(kept.id, kept.duration_ms, ending, key)


def _is_empty(command: Record, kept: Recording) -> bool:
    silence_ms = command.silence_s * 1000 if kept.ended_by == "silence" and not command.trim else 0
    return kept.duration_ms == 0 or (kept.ended_by == "silence" and kept.duration_ms <= silence_ms + NOTHING_SAID_MS)
